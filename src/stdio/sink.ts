import { O_WRONLY } from '../posix/constants.ts';
import { openFile } from '../posix/files.ts';
import { type Closable, Descriptor } from './descriptor.ts';

/** Where an output goes: a FIFO, a file, the pipe of a logging binary, or nowhere. */
export interface Sink extends Closable {
  /** Non-blocking where that means something. */
  readonly descriptor: number;
  /** Whether a failed write may work later: a full disk may be emptied, a reader that left never returns. */
  readonly mayRecover: boolean;
  /** Nobody new will read: once all readers have gone, writing may fail. */
  expectNoReader?(): void;
  describe(): string;
}

/** A sink of one descriptor. */
export class DescriptorSink implements Sink {
  readonly mayRecover: boolean;
  readonly #name: string;
  readonly #descriptor: Descriptor;

  constructor(name: string, descriptor: Descriptor, mayRecover: boolean) {
    this.#name = name;
    this.#descriptor = descriptor;
    this.mayRecover = mayRecover;
  }

  get descriptor(): number {
    return this.#descriptor.number;
  }

  close(): void {
    this.#descriptor.close();
  }

  describe(): string {
    return `${this.#name} (${this.#descriptor})`;
  }
}

/** One sink for stdout and stderr, closed when both are through (contract 7.3). */
export class SharedSink implements Closable {
  readonly #sink: Sink;
  #users = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  use(): Sink {
    const sink = this.#sink;
    let using = true;
    this.#users += 1;
    return {
      get descriptor() {
        return sink.descriptor;
      },
      mayRecover: sink.mayRecover,
      expectNoReader: () => sink.expectNoReader?.(),
      close: () => {
        if (!using) return;
        using = false;
        this.#users -= 1;
        if (this.#users === 0) sink.close();
      },
      describe: () => sink.describe(),
    };
  }

  close(): void {
    this.#sink.close();
  }
}

/** Takes everything and keeps nothing. */
export const openNowhere = (): Sink =>
  new DescriptorSink('/dev/null', new Descriptor(openFile('/dev/null', O_WRONLY)), false);
