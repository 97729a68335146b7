import { isSystemError } from '../posix/error.ts';
import { fileStatus, removeFile } from '../posix/files.ts';
import { listenUnix, socketPath } from '../posix/sockets.ts';

const backlog = 4096;

/**
 * The socket this server listens on. Its path is taken from the descriptor itself and not computed again: under a
 * group of another name than the first container's id the formula would give a stranger's (contract 2.4).
 */
export class ListeningSocket {
  readonly descriptor: number;
  readonly path: string;
  readonly #inode: number | undefined;

  private constructor(descriptor: number, path: string) {
    this.descriptor = descriptor;
    this.path = path;
    this.#inode = inodeOf(path);
  }

  /** Listens on a path of the command line. @throws SystemError when that cannot be */
  static listen(path: string): ListeningSocket {
    return new ListeningSocket(listenUnix(path, backlog), path);
  }

  /** The listener that `start` passed on as this descriptor. @throws SystemError when there is none */
  static inherit(descriptor: number): ListeningSocket {
    return new ListeningSocket(descriptor, socketPath(descriptor));
  }

  /** Removes the path, unless somebody else's socket is there by now. Harmless when repeated. */
  unlink(): void {
    if (this.#inode !== undefined && inodeOf(this.path) === this.#inode) removeFile(this.path);
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return fileStatus(path).inode;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
