import { native } from './addon.ts';
import { O_EXCL, O_NOFOLLOW, O_TRUNC } from './constants.ts';
import { check, ERRNO, SystemError } from './error.ts';
import { slots } from './native.ts';

const DEFAULT_LIMIT = 16 * 1024 * 1024;

/** Opens a file. O_CLOEXEC is always added. A FIFO without O_NONBLOCK blocks the whole process. */
export function openFile(path: string, flags: number, mode = 0): number {
  return check(native().openFile(path, flags, mode), 'open', path);
}

/** Closes a descriptor. */
export function closeFile(descriptor: number): void {
  check(native().closeFile(descriptor), 'close');
}

function isFailure(result: Uint8Array | string | number): result is number {
  return typeof result === 'number';
}

/** The addon adds this to the error number when the file could be opened and the rest failed. */
const AFTER_OPEN = 10_000;

function fileFailure(result: number, then: string, path: string): SystemError {
  return result < -AFTER_OPEN
    ? new SystemError(then, -result - AFTER_OPEN, path)
    : new SystemError('open', -result, path);
}

/** The whole content of a file, also of those in /proc and /sys. Beyond `limitBytes` (16 MiB) it fails with EFBIG. */
export function readFile(path: string, limitBytes: number = DEFAULT_LIMIT): Uint8Array {
  const result = native().readFile(path, limitBytes, false);
  if (isFailure(result)) throw fileFailure(result, 'read', path);
  return result;
}

/** The whole content of a file as UTF-8. The limit is 16 MiB. */
export function readText(path: string): string {
  const result = native().readFile(path, DEFAULT_LIMIT, true);
  if (isFailure(result)) throw fileFailure(result, 'read', path);
  return result;
}

/** Reads from the current position to the end of the file. Blocks on a pipe until its writers are gone. */
export function readToEnd(descriptor: number, limitBytes: number = DEFAULT_LIMIT): Uint8Array {
  const result = native().readToEnd(descriptor, limitBytes);
  if (isFailure(result)) throw new SystemError('read', -result);
  return result;
}

/** One read(2): what is there, an empty array at the end, undefined when there is nothing yet. */
export function readSome(descriptor: number, maxBytes: number): Uint8Array | undefined {
  const result = native().readSome(descriptor, maxBytes);
  if (!isFailure(result)) return result;
  if (result === -ERRNO.EAGAIN) return undefined;
  throw new SystemError('read', -result);
}

/** Back to the start of the file. */
export function rewind(descriptor: number): void {
  check(native().rewindFile(descriptor), 'seek');
}

/** Writes everything, however often it takes. Waits when the descriptor is full. */
export function writeAll(descriptor: number, data: Uint8Array | string): void {
  check(native().writeAll(descriptor, data), 'write');
}

/** One write(2): the bytes that were taken, or -1 when there is no room at the moment. */
export function writeSome(descriptor: number, data: Uint8Array | string): number {
  const result = native().writeSome(descriptor, data);
  return result === -ERRNO.EAGAIN ? -1 : check(result, 'write');
}

/** Creates or replaces the content of a file, through no symlink. The mode is for a new file, less the umask. */
export function writeFile(path: string, data: Uint8Array | string, mode: number): void {
  const result = native().writeFile(path, data, mode, O_TRUNC | O_NOFOLLOW, false);
  if (result < 0) throw fileFailure(result, 'write', path);
}

/** Writes a file that is new, whatever had its name: nobody has it open, and its mode is this one, less the umask. */
export function writeNewFile(path: string, data: Uint8Array | string, mode: number): void {
  native().removeFile(path);
  const result = native().writeFile(path, data, mode, O_EXCL | O_NOFOLLOW, false);
  if (result < 0) throw fileFailure(result, 'write', path);
}

let lastName = 0;

/**
 * Replaces a file so that others see the old content or the new one, also after a crash of the machine: a file of
 * another name in the same directory, fsync, rename.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string, mode: number): void {
  replace(path, data, mode, true);
}

/** The same for what means nothing after a crash of the machine: no fsync, which takes a disk most of a millisecond. */
export function replaceFile(path: string, data: Uint8Array | string, mode: number): void {
  replace(path, data, mode, false);
}

function replace(path: string, data: Uint8Array | string, mode: number, durable: boolean): void {
  const base = path.lastIndexOf('/') + 1;
  for (;;) {
    lastName += 1;
    const unique = `${process.pid.toString(36)}${Date.now().toString(36)}${lastName.toString(36)}`;
    const temporary = `${path.slice(0, base)}.${path.slice(base)}.${unique}`;
    const written = native().writeFile(temporary, data, mode, O_EXCL | O_NOFOLLOW, durable);
    if (written === -ERRNO.EEXIST) continue;
    if (written === 0) {
      const renamed = native().renameFile(temporary, path);
      if (renamed === 0) return;
      native().removeFile(temporary);
      throw new SystemError('rename', -renamed, path);
    }
    // Nothing to remove when it could not even be created.
    native().removeFile(temporary);
    throw fileFailure(written, 'write', path);
  }
}

/** Switches O_NONBLOCK of the open file, which everyone shares who has a copy of the descriptor. */
export function setNonBlocking(descriptor: number, on: boolean): void {
  check(native().setNonBlocking(descriptor, on), 'fcntl');
}

/** fchown(2). */
export function changeOwner(descriptor: number, uid: number, gid: number): void {
  check(native().changeOwner(descriptor, uid, gid), 'fchown');
}

/** A pipe, both ends with O_CLOEXEC: [read end, write end]. */
export function makePipe(): [number, number] {
  check(native().makePipe(slots), 'pipe2');
  return [slots[0] ?? -1, slots[1] ?? -1];
}

/** A file without a name that lives in memory, with O_CLOEXEC. */
export function makeMemoryFile(name: string): number {
  return check(native().makeMemoryFile(name), 'memfd_create');
}

/** Puts a copy of a descriptor onto another number, which is closed first. 0, 1 and 2 survive exec, others do not. */
export function duplicate(descriptor: number, onto: number): void {
  check(native().duplicate(descriptor, onto), 'dup3');
}

/** A copy of a descriptor under a free number above 2; it does not survive exec. EMFILE when there is none. */
export function copyDescriptor(descriptor: number): number {
  return check(native().copyDescriptor(descriptor), 'fcntl');
}

/** Takes an exclusive flock(2) and waits for it. It ends when the last copy of the descriptor is closed. */
export function lockFile(descriptor: number): void {
  check(native().lockFile(descriptor), 'flock');
}

export {
  changeMode,
  type FileStatus,
  type FileType,
  fileStatus,
  fileSystemType,
  findExecutable,
  linkStatus,
  listDirectory,
  makeDirectories,
  makeDirectory,
  makeFifo,
  makeSymlink,
  readLink,
  removeDirectory,
  removeFile,
  removeTree,
  renameFile,
} from './paths.ts';
