import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where shims write their dumps, in files that outlive them. */
export const DUMP_DIRECTORY = '/run/podshim/dump';

/** Removes the dump of one shim. */
export function removeDumpOf(pid: number): void {
  if (!existsSync(DUMP_DIRECTORY)) return;
  for (const name of readdirSync(DUMP_DIRECTORY)) {
    if (name.endsWith(`-${pid}.txt`)) rmSync(join(DUMP_DIRECTORY, name), { force: true });
  }
}

/** Removes the dumps of the shims that worked in a namespace. */
export function removeDumps(namespace: string): void {
  if (!existsSync(DUMP_DIRECTORY)) return;
  for (const name of readdirSync(DUMP_DIRECTORY)) {
    if (name.startsWith(`${namespace}-`)) rmSync(join(DUMP_DIRECTORY, name), { force: true });
  }
}
