import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repository } from '../test/support/paths.ts';

/** Cases that a shim is known to fail: the case's name to the thread, or what the contract says of it. */
export type KnownFailures = ReadonlyMap<string, string>;

/** The list for a shim is found by the name of its binary. Most have none. */
export function knownFailures(shim: string): KnownFailures {
  const path = join(repository, 'conformance/known', `${basename(shim)}.json`);
  if (!existsSync(path)) return new Map();
  const list: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'));
  return new Map(Object.entries(list));
}
