import { quoted } from '../platform/reason.ts';
import {
  MS_BIND,
  MS_DIRSYNC,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_REMOUNT,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
} from '../posix/constants.ts';

/** Words that are flags of mount(2), and what they do to the flags (contract 12.2). All others are data. */
const setWords: ReadonlyMap<string, number> = new Map([
  ['bind', MS_BIND],
  ['dirsync', MS_DIRSYNC],
  ['mand', MS_MANDLOCK],
  ['noatime', MS_NOATIME],
  ['nodev', MS_NODEV],
  ['nodiratime', MS_NODIRATIME],
  ['noexec', MS_NOEXEC],
  ['nosuid', MS_NOSUID],
  ['rbind', MS_BIND | MS_REC],
  ['relatime', MS_RELATIME],
  ['remount', MS_REMOUNT],
  ['ro', MS_RDONLY],
  ['strictatime', MS_STRICTATIME],
  ['sync', MS_SYNCHRONOUS],
]);

const clearWords: ReadonlyMap<string, number> = new Map([
  ['async', MS_SYNCHRONOUS],
  ['atime', MS_NOATIME],
  ['dev', MS_NODEV],
  ['diratime', MS_NODIRATIME],
  ['exec', MS_NOEXEC],
  ['nomand', MS_MANDLOCK],
  ['norelatime', MS_RELATIME],
  ['nostrictatime', MS_STRICTATIME],
  ['rw', MS_RDONLY],
  ['suid', MS_NOSUID],
]);

export interface MountOptions {
  /** Flags of mount(2). */
  readonly flags: number;
  /** What is not a flag, in order: the file system's own options. */
  readonly data: readonly string[];
  /** The source is an image that needs a loop device. */
  readonly loop: boolean;
  /** `C:H:S[,C:H:S…]`; undefined when not given. */
  readonly uidMap: string | undefined;
  readonly gidMap: string | undefined;
}

/**
 * Sorts a mount's options into flags, data and words that are meant for the one who mounts.
 * @throws Error for an `X-containerd.` option: what the daemon has left over is nothing a file system knows.
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let flags = 0;
  let loop = false;
  let uidMap: string | undefined;
  let gidMap: string | undefined;
  let data: string[] = [];
  for (const option of options) {
    const set = setWords.get(option);
    const clear = clearWords.get(option);
    if (set !== undefined) flags |= set;
    else if (clear !== undefined) flags &= ~clear;
    else if (option === 'loop') loop = true;
    else if (option.startsWith('uidmap=')) uidMap = option.slice('uidmap='.length);
    else if (option.startsWith('gidmap=')) gidMap = option.slice('gidmap='.length);
    else if (option.startsWith('X-containerd.')) {
      throw new Error(`unsupported mount option ${quoted(option)}`);
    } else data.push(option);
  }
  // Meant for the loop device, which goes past the page cache wherever it can.
  if (loop) data = data.filter((option) => option !== 'direct-io');
  return { flags, data, loop, uidMap, gidMap };
}
