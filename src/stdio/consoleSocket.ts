import type { Cancellation } from '../platform/cancellation.ts';
import { isSystemError } from '../posix/error.ts';
import {
  changeMode,
  fileStatus,
  makeDirectory,
  removeDirectory,
  removeFile,
} from '../posix/paths.ts';
import { effectiveUser } from '../posix/processes.ts';
import { acceptConnection, listenUnix, receiveDescriptor } from '../posix/sockets.ts';
import { type Closable, Descriptor } from './descriptor.ts';
import { whenReadable } from './readable.ts';

const limitMilliseconds = 30_000;
const socketName = 'pty.sock';
const attempts = 100;

/** The socket on which the OCI runtime hands over the pty master, in a directory of its own (contract 7.4). */
export class ConsoleSocket implements Closable {
  readonly path: string;
  readonly #directory: string;
  readonly #listener: Descriptor;
  #closed = false;
  /** Ends the wait in progress. */
  #abandon: ((reason: Error) => void) | undefined;

  private constructor(directory: string, path: string, listener: Descriptor) {
    this.#directory = directory;
    this.path = path;
    this.#listener = listener;
  }

  static open(): ConsoleSocket {
    const given = process.env.XDG_RUNTIME_DIR ?? '';
    const runtimeDirectory = isOpenToOthers(given) ? '' : given;
    const directory = makePrivateDirectory(runtimeDirectory);
    const path = `${directory}/${socketName}`;
    try {
      const listener = new Descriptor(listenUnix(path, 1));
      const socket = new ConsoleSocket(directory, path, listener);
      // The sticky bit tells those who tidy up $XDG_RUNTIME_DIR to leave the socket alone.
      if (runtimeDirectory !== '') changeMode(path, 0o1755);
      return socket;
    } catch (error) {
      removeDirectory(directory);
      throw error;
    }
  }

  /**
   * Takes the master; only to be called once the runtime ended well, as its connection and message are then waiting.
   * The caller owns the descriptor.
   * @throws Error when the runtime never connected, or sent anything but one descriptor.
   */
  async receiveMaster(cancel: Cancellation | undefined): Promise<number> {
    const limit = {
      milliseconds: limitMilliseconds,
      message: `no terminal arrived at ${this.path} within ${limitMilliseconds / 1000} s`,
    };
    const wait = (descriptor: number): Promise<void> =>
      whenReadable(descriptor, { cancel: this.#orClosing(cancel), limit });
    let accepted = acceptConnection(this.#listener.number);
    while (accepted === undefined) {
      await wait(this.#listener.number);
      accepted = acceptConnection(this.#listener.number);
    }
    const connection = new Descriptor(accepted);
    try {
      let master = tryReceive(accepted);
      while (master === undefined) {
        await wait(accepted);
        master = tryReceive(accepted);
      }
      return master;
    } finally {
      connection.close();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Before the descriptor goes: the poller must not be left with a number that somebody else is given next.
    this.#abandon?.(new Error('console socket is closed'));
    this.#listener.close();
    removeFile(this.path);
    removeDirectory(this.#directory);
  }

  #orClosing(cancel: Cancellation | undefined): Cancellation {
    return {
      cancelled: this.#closed || cancel?.cancelled === true,
      onCancel: (listener) => {
        const remove = cancel?.onCancel(listener);
        this.#abandon = listener;
        return () => {
          this.#abandon = undefined;
          remove?.();
        };
      },
    };
  }
}

/** Undefined while the message is not here. */
const tryReceive = (connection: number): number | undefined => {
  try {
    return receiveDescriptor(connection).descriptor;
  } catch (error) {
    if (isSystemError(error, 'EAGAIN')) return undefined;
    throw error;
  }
};

/**
 * Who may rename what is in a directory could put a socket of his own in the place of ours, and be given the terminal. A
 * daemon that was started with the environment of another user has that user's.
 */
const isOpenToOthers = (path: string): boolean => {
  if (path === '') return false;
  try {
    const { uid, mode } = fileStatus(path);
    const isSticky = (mode & 0o1000) !== 0;
    return uid !== effectiveUser().uid || ((mode & 0o022) !== 0 && !isSticky);
  } catch {
    // It is not there, as the one who makes a directory in it will find.
    return false;
  }
};

const makePrivateDirectory = (runtimeDirectory: string): string => {
  const parents =
    runtimeDirectory === '' ? ['/run', process.env.TMPDIR || '/tmp'] : [runtimeDirectory];
  let failure: unknown;
  for (const parent of parents) {
    try {
      return makeUniqueDirectory(parent);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      failure = error;
    }
  }
  throw failure;
};

const makeUniqueDirectory = (parent: string): string => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const path = `${parent}/pty${Math.floor(Math.random() * 2 ** 48).toString(36)}`;
    if (makeDirectory(path, 0o700)) return path;
  }
  throw new Error(`no free name for a directory in ${parent}`);
};
