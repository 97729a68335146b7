import { native } from './addon.ts';
import { check, ERRNO, SystemError } from './error.ts';
import { slots } from './native.ts';

export type FileType = 'file' | 'directory' | 'fifo' | 'symlink' | 'socket' | 'character' | 'block';

export interface FileStatus {
  readonly type: FileType;
  /** Permission bits, with set-id and sticky. */
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  readonly device: number;
  /** Exact up to 2^53; above (some overlay mounts) the lowest bits are lost. */
  readonly inode: number;
  readonly modifiedNanos: bigint;
}

const TYPES = new Map<number, FileType>([
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o040000, 'directory'],
  [0o060000, 'block'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o140000, 'socket'],
]);

/** Creates a directory. False: something of that name was there. */
export function makeDirectory(path: string, mode: number): boolean {
  const result = native().makeDirectory(path, mode);
  if (result === -ERRNO.EEXIST) return false;
  check(result, 'mkdir', path);
  return true;
}

/** Creates a directory and what is missing above it. One that is there is fine and keeps its mode. */
export function makeDirectories(path: string, mode: number): void {
  check(native().makeDirectories(path, mode), 'mkdir', path);
}

/** unlink(2). False: it was not there. */
export function removeFile(path: string): boolean {
  const result = native().removeFile(path);
  if (result === -ERRNO.ENOENT) return false;
  check(result, 'remove', path);
  return true;
}

/** rmdir(2). False: it was not there. */
export function removeDirectory(path: string): boolean {
  const result = native().removeDirectory(path);
  if (result === -ERRNO.ENOENT) return false;
  check(result, 'remove', path);
  return true;
}

/**
 * Removes a file, or a directory with all that is in it. Symlinks are removed, never followed. What is mounted below is
 * left alone; it fails with EBUSY then. Goes on after an error and reports the first one.
 */
export function removeTree(path: string): void {
  check(native().removeTree(path), 'remove', path);
}

/** rename(2). */
export function renameFile(from: string, to: string): void {
  check(native().renameFile(from, to), 'rename', `${from} ${to}`);
}

/** Makes `path` a symlink to `target`. */
export function makeSymlink(target: string, path: string): void {
  check(native().makeSymlink(target, path), 'symlink', `${target} ${path}`);
}

/** What a symlink holds. */
export function readLink(path: string): string {
  const result = native().readLink(path);
  if (typeof result === 'number') throw new SystemError('readlink', -result, path);
  return result;
}

/** The names in a directory, in the order of the file system. */
export function listDirectory(path: string): string[] {
  const result = native().listDirectory(path);
  if (typeof result === 'number') throw new SystemError('open', -result, path);
  return result === '' ? [] : result.split('/');
}

function status(): FileStatus {
  const mode = slots[0] ?? 0;
  return {
    type: TYPES.get(mode & 0o170000) ?? 'file',
    mode: mode & 0o7777,
    size: slots[1] ?? 0,
    uid: slots[2] ?? 0,
    gid: slots[3] ?? 0,
    device: slots[4] ?? 0,
    inode: slots[5] ?? 0,
    modifiedNanos: BigInt(slots[6] ?? 0) * 1_000_000_000n + BigInt(slots[7] ?? 0),
  };
}

/** stat(2) of a path or fstat(2) of a descriptor. */
export function fileStatus(pathOrDescriptor: string | number): FileStatus {
  if (typeof pathOrDescriptor === 'number') {
    check(native().descriptorStatus(pathOrDescriptor, slots), 'fstat');
  } else {
    check(native().fileStatus(pathOrDescriptor, slots), 'stat', pathOrDescriptor);
  }
  return status();
}

/** lstat(2): of the symlink itself. */
export function linkStatus(path: string): FileStatus {
  check(native().linkStatus(path, slots), 'lstat', path);
  return status();
}

/** chmod(2). */
export function changeMode(path: string, mode: number): void {
  check(native().changeMode(path, mode), 'chmod', path);
}

/** mkfifo(3). */
export function makeFifo(path: string, mode: number): void {
  check(native().makeFifo(path, mode), 'mkfifo', path);
}

/** The type number that statfs(2) reports for the file system of a path. */
export function fileSystemType(path: string): number {
  return check(native().fileSystemType(path), 'statfs', path);
}

const DEFAULT_SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The first executable file of that name in the directories of `searchPath` (the form of PATH). A name with a slash is
 * returned as it is when it can be executed. Relative directories are skipped: the working directory is a bundle.
 */
export function findExecutable(name: string, searchPath: string | undefined): string | undefined {
  if (name === '') return undefined;
  if (name.includes('/')) return native().checkExecutable(name) === 0 ? name : undefined;
  for (const directory of (searchPath ?? DEFAULT_SEARCH_PATH).split(':')) {
    if (!directory.startsWith('/')) continue;
    const path = directory.endsWith('/') ? directory + name : `${directory}/${name}`;
    if (native().checkExecutable(path) === 0) return path;
  }
  return undefined;
}
