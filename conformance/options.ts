import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ConformanceCase } from './case.ts';

export interface Options {
  readonly shim: string;
  /** Parts of case names; none: all cases. */
  readonly only: readonly string[];
  readonly fast: boolean;
  readonly list: boolean;
  readonly json: string | undefined;
}

export const USAGE = `npm run conformance -- --shim PATH [--fast] [--only CASE]... [--json FILE]
npm run conformance -- --list

  --shim PATH   the shim binary to try
  --only CASE   only cases whose name contains this; may be given more than once
  --fast        only those that take little time
  --json FILE   write the results there as well
  --list        name the cases and what they stand for`;

/** @throws Error for the person at the terminal */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shim: { type: 'string' },
      only: { type: 'string', multiple: true },
      fast: { type: 'boolean' },
      list: { type: 'boolean' },
      json: { type: 'string' },
    },
  });
  const { shim = '', only = [], fast = false, list = false, json } = values;
  if (!list && shim === '') throw new Error(`--shim is missing\n\n${USAGE}`);
  if (!list && !existsSync(shim)) throw new Error(`there is no shim at ${shim}`);
  return { shim: resolve(shim), only, fast, list, json };
}

export function isWanted({ only, fast }: Options, candidate: ConformanceCase): boolean {
  if (fast && candidate.fast !== true) return false;
  return only.length === 0 || only.some((part) => candidate.name.includes(part));
}
