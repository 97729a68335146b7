import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ConformanceCase } from './case.ts';
import type { Size } from './size.ts';

export interface Options {
  readonly shim: string;
  /** Parts of case names; none: all cases. */
  readonly only: readonly string[];
  readonly size: Size;
  readonly list: boolean;
  readonly json: string | undefined;
}

export const USAGE = `npm run conformance -- --shim PATH [--fast | --full] [--only CASE]... [--json FILE]
npm run conformance -- --list

  --shim PATH   the shim binary to try
  --only CASE   only cases whose name contains this; may be given more than once
  --fast        only those that take little time, in small amounts
  --full        with the amounts of the list of known troubles; takes hours
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
      full: { type: 'boolean' },
      list: { type: 'boolean' },
      json: { type: 'string' },
    },
  });
  const { shim = '', only = [], fast = false, full = false, list = false, json } = values;
  if (!list && shim === '') throw new Error(`--shim is missing\n\n${USAGE}`);
  if (!list && !existsSync(shim)) throw new Error(`there is no shim at ${shim}`);
  if (fast && full) throw new Error('--fast and --full exclude each other');
  const size = fast ? 'fast' : full ? 'full' : 'middle';
  return { shim: resolve(shim), only, size, list, json };
}

export function isWanted({ only, size }: Options, candidate: ConformanceCase): boolean {
  if (size === 'fast' && candidate.fast !== true) return false;
  if (candidate.full === true && size !== 'full') return false;
  return only.length === 0 || only.some((part) => candidate.name.includes(part));
}
