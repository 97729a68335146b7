import { closeFile, copyDescriptor, readSome, writeSome } from '../posix/files.ts';
import { type Watch, watchReadable } from '../posix/poller.ts';

/** Of what has arrived. Requests are smaller; the rest of a larger one is left to the runtime. */
const READ_BYTES = 4096;

/** A connected socket out of the event loop: the addon's thread watches it, and nothing wakes up for it but its peer. */
export class ParkedSocket {
  readonly descriptor: number;
  readonly #watch: Watch;

  private constructor(descriptor: number, watch: Watch) {
    this.descriptor = descriptor;
    this.#watch = watch;
  }

  /**
   * Takes a copy of the descriptor, which stays the caller's to close.
   * @param arrived something can be read, also already now, or the peer is gone
   * @returns undefined where a limit stands against it, such as that of open files
   */
  static of(descriptor: number, arrived: () => void): ParkedSocket | undefined {
    let copy: number | undefined;
    try {
      copy = copyDescriptor(descriptor);
      return new ParkedSocket(copy, watchReadable(copy, arrived));
    } catch {
      if (copy !== undefined) closeFile(copy);
      return undefined;
    }
  }

  /** @returns some of what has arrived; undefined when there is nothing, or an end or an error to be found. */
  read(): Uint8Array | undefined {
    try {
      const bytes = readSome(this.descriptor, READ_BYTES);
      return bytes?.length === 0 ? undefined : bytes;
    } catch {
      return undefined;
    }
  }

  /** @returns how many bytes the kernel took; 0 also when the peer is gone. */
  write(bytes: Uint8Array): number {
    try {
      return Math.max(0, writeSome(this.descriptor, bytes));
    } catch {
      return 0;
    }
  }

  /** Ends the watch. @returns the descriptor, which is the caller's from here on. */
  release(): number {
    this.#watch.cancel();
    return this.descriptor;
  }
}
