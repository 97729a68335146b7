import {
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_RELATIME,
} from '../posix/constants.ts';
import { readText } from '../posix/files.ts';
import { readMounts } from './mountinfo.ts';
import { canonicalPath } from './path.ts';

const flagOfWord: ReadonlyMap<string, number> = new Map([
  ['ro', MS_RDONLY],
  ['nodev', MS_NODEV],
  ['noexec', MS_NOEXEC],
  ['nosuid', MS_NOSUID],
  ['noatime', MS_NOATIME],
  ['relatime', MS_RELATIME],
  ['nodiratime', MS_NODIRATIME],
]);

/** The initial user namespace maps every id to itself. */
function isInUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readText('/proc/self/uid_map'));
}

/**
 * Flags of the mount at `mountPoint` that a user namespace may not take away, so that a remount has to repeat them
 * (contract 12.2). None in the initial user namespace.
 */
export function lockedFlags(mountPoint: string): number {
  if (!isInUserNamespace()) return 0;
  const path = canonicalPath(mountPoint);
  const entry = readMounts().findLast((candidate) => candidate.mountPoint === path);
  let flags = 0;
  for (const word of entry?.options ?? []) flags |= flagOfWord.get(word) ?? 0;
  return flags;
}
