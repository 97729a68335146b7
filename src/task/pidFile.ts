import { fileStatus } from '../posix/files.ts';

/**
 * When the OCI runtime wrote a pid file. The process had the pid before, and an exec's may be over already. The
 * kernel's file times run behind its clock by up to a tick, never ahead of it.
 * @returns milliseconds since the epoch
 */
export function pidFileTime(path: string): number {
  return Number(fileStatus(path).modifiedNanos / 1_000_000n);
}
