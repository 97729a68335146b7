import { O_NOFOLLOW, O_NONBLOCK, O_RDWR } from '../posix/constants.ts';
import { closeFile, duplicate, openFile, writeSome } from '../posix/files.ts';
import { fileStatus } from '../posix/paths.ts';

const STANDARD_ERROR = 2;

export interface LogSinkOptions {
  /** The FIFO that the daemon made in the bundle. */
  path: string;
  /** The line that tells how many were dropped before it. */
  notice: (dropped: number) => string;
}

/**
 * Writes whole lines to the daemon's log FIFO and never waits for a reader. Opened for reading and writing
 * the FIFO always opens, gives no EPIPE while the daemon is away, and holds 64 KiB for its return
 * (contract 3.3, trap 35). What does not fit is dropped by the line and counted.
 */
export class LogSink {
  readonly #notice: (dropped: number) => string;
  readonly #encoder = new TextEncoder();
  #descriptor: number;
  /** The end of a line of which the FIFO took the beginning: only lines above PIPE_BUF can be split. */
  #rest: Uint8Array | undefined;
  #unreported = 0;
  #dropped = 0;
  #written = 0;

  /** A sink without a FIFO (missing, or something else under its name) counts and writes nothing. */
  constructor(options: LogSinkOptions) {
    this.#notice = options.notice;
    this.#descriptor = openFifo(options.path);
  }

  /** Is there a FIFO to write to? */
  get isOpen(): boolean {
    return this.#descriptor >= 0;
  }

  /** Lines lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Lines written so far, notices not counted. */
  get written(): number {
    return this.#written;
  }

  /** Writes one line that ends in a newline. @returns false when it was dropped. */
  write(line: string): boolean {
    // One write for both, or many notices could take the room that no line fits in.
    const text = this.#unreported === 0 ? line : this.#notice(this.#unreported) + line;
    if (this.#finishRest() && this.#send(text)) {
      this.#written += 1;
      this.#unreported = 0;
      return true;
    }
    this.#dropped += 1;
    this.#unreported += 1;
    return false;
  }

  /**
   * Puts the FIFO over fd 2, so that what the JavaScript runtime prints when it crashes reaches the
   * daemon's log. Children never inherit it: each is given its own fd 2.
   */
  takeOverStandardError(): void {
    if (this.isOpen) duplicate(this.#descriptor, STANDARD_ERROR);
  }

  /** Closes the FIFO; later lines are only counted. fd 2 is left as it is. */
  close(): void {
    if (!this.isOpen) return;
    closeFile(this.#descriptor);
    this.#descriptor = -1;
    this.#rest = undefined;
  }

  #finishRest(): boolean {
    if (this.#rest === undefined) return true;
    this.#rest = this.#push(this.#rest);
    return this.#rest === undefined;
  }

  /** Text counts as taken once its beginning is in the FIFO: the end follows before anything else. */
  #send(text: string): boolean {
    const bytes = this.#encoder.encode(text);
    const rest = this.#push(bytes);
    if (rest === bytes) return false;
    this.#rest = rest;
    return true;
  }

  /** @returns what the FIFO did not take, the same array when it took nothing. */
  #push(bytes: Uint8Array): Uint8Array | undefined {
    if (!this.isOpen) return bytes;
    try {
      const taken = writeSome(this.#descriptor, bytes);
      if (taken <= 0) return bytes;
      return taken < bytes.length ? bytes.subarray(taken) : undefined;
    } catch {
      // There is no place to report a log that cannot be written; the line counts as dropped.
      return bytes;
    }
  }
}

function openFifo(path: string): number {
  let descriptor = -1;
  try {
    descriptor = openFile(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    if (fileStatus(descriptor).type === 'fifo') return descriptor;
  } catch {
    // A shim without its log works on (contract 3.2: nothing of the daemon's keeps a server from starting).
  }
  if (descriptor >= 0) closeFile(descriptor);
  return -1;
}
