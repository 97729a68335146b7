import { type Movement, startMovement } from '../posix/poller.ts';
import type { Closable } from './descriptor.ts';
import type { InputFifo } from './fifo.ts';

/** A terminal without an open slave refuses input; how long until it is offered again. */
const retryMilliseconds = 100;

export interface InputOptions {
  /** Owned by the input from here on. */
  readonly fifo: InputFifo;
  /** The write end of the pipe, or the pty master. Stays the caller's. */
  readonly destination: number;
  /** Every writer has closed the FIFO, which is closed by now. */
  readonly ended: () => void;
  /** The container has closed its end: it will never read again. */
  readonly refused: () => void;
}

/** The stdin of a process on its way from the FIFO. */
export class Input implements Closable {
  readonly #options: InputOptions;
  #movement: Movement | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #movedBefore = 0;

  constructor(options: InputOptions) {
    this.#options = options;
  }

  start(): void {
    const { fifo, destination, ended, refused } = this.#options;
    this.#retry = undefined;
    this.#movement = startMovement(
      { source: fifo.descriptor, destination, terminal: false },
      (end) => {
        this.#movement = undefined;
        this.#movedBefore += end.bytes;
        if (end.error === undefined) {
          fifo.close();
          ended();
        } else if (end.error === 'EIO') {
          // No slave of the terminal is open at the moment. That passes (contract 7.4).
          this.#retry = setTimeout(() => this.start(), retryMilliseconds);
        } else {
          // The FIFO stays open: a client that writes on must not be ended by SIGPIPE. As with the reference, which
          // holds the container's end itself, it fills the FIFO and waits until the process is deleted.
          refused();
        }
      },
    );
  }

  /** Lets go of the keeper: the end comes as soon as no client holds the FIFO open (contract 7.5). */
  closeStdin(): void {
    this.#options.fifo.releaseKeeper();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#movement?.cancel();
    this.#movedBefore += this.#movement?.bytes ?? 0;
    this.#movement = undefined;
    this.#options.fifo.close();
  }

  describe(): string {
    const bytes = this.#movedBefore + (this.#movement?.bytes ?? 0);
    return `stdin: ${this.#options.fifo.describe()}, ${bytes} bytes`;
  }
}
