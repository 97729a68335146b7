import { SystemError } from '../posix/error.ts';
import { readToEnd } from '../posix/files.ts';
import { fileStatus } from '../posix/paths.ts';
import { failure } from './failure.ts';

const STDIN = 0;

/**
 * All of stdin. A terminal, or none, counts as empty: the daemon gives a pipe or /dev/null.
 *
 * @throws Error when it is longer than the limit, or cannot be read.
 */
export function readStdin(limitBytes: number): Uint8Array {
  try {
    if (fileStatus(STDIN).type === 'character') {
      return new Uint8Array(0);
    }
    return readToEnd(STDIN, limitBytes);
  } catch (error) {
    if (error instanceof SystemError && error.code === 'EBADF') {
      return new Uint8Array(0);
    }
    if (error instanceof SystemError && error.code === 'EFBIG') {
      throw new Error(`stdin is longer than ${limitBytes} bytes`);
    }
    throw failure('failed to read stdin', error);
  }
}
