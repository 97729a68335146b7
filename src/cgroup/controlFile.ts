import { O_WRONLY } from '../posix/constants.ts';
import { isSystemError, SystemError } from '../posix/error.ts';
import { closeFile, openFile, readText, writeAll } from '../posix/files.ts';
import { fileStatus } from '../posix/paths.ts';
import { parseUnsigned64, type Unsigned64 } from './unsigned64.ts';

/**
 * The text of a control file, undefined when the kernel has no such file, the cgroup is gone or the
 * feature is switched off (ENOENT, ENODEV, EOPNOTSUPP and the like). Only a shortage of our own is an
 * error: reporting zeros because of EMFILE would be a lie.
 */
export function readIfPresent(path: string): string | undefined {
  try {
    return readText(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'EMFILE' || error.code === 'ENFILE' || error.code === 'ENOMEM') throw error;
    return undefined;
  }
}

/** A file with one number or the word `max`. Undefined when it is missing or holds anything else. */
export function readSingleValue(path: string, max: Unsigned64): Unsigned64 | undefined {
  const text = readIfPresent(path)?.trim();
  if (text === undefined) return undefined;
  return text === 'max' ? max : parseUnsigned64(text);
}

/** One write(2) to a control file that exists. Throws SystemError, which names the file. */
export function writeControl(path: string, text: string): void {
  const descriptor = openFile(path, O_WRONLY);
  try {
    writeAll(descriptor, text);
  } catch (error) {
    throw isSystemError(error) ? new SystemError('write', error.errno, path) : error;
  } finally {
    closeFile(descriptor);
  }
}

/** Whether the cgroup's directory exists. */
export function isDirectory(path: string): boolean {
  try {
    return fileStatus(path).type === 'directory';
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return false;
    throw error;
  }
}
