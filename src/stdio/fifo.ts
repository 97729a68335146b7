import type { Cancellation } from '../platform/cancellation.ts';
import { O_NONBLOCK, O_PATH, O_RDONLY, O_WRONLY } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { openFile } from '../posix/files.ts';
import { fileStatus } from '../posix/paths.ts';
import { type Closable, Descriptor, Opened } from './descriptor.ts';
import type { Sink } from './sink.ts';

/** How long an output FIFO may be without a reader (contract 7.3, 15). */
export const readerLimitMilliseconds = 30_000;

const firstRetryMilliseconds = 1;
const longestRetryMilliseconds = 25;

/** One wait for the readers of all outputs of a process. */
export interface ReaderWait {
  readonly cancel: Cancellation | undefined;
  readonly limitMilliseconds: number;
  /** In terms of performance.now(). */
  readonly deadline: number;
}

export const startReaderWait = (
  cancel: Cancellation | undefined,
  limitMilliseconds = readerLimitMilliseconds,
): ReaderWait => ({ cancel, limitMilliseconds, deadline: performance.now() + limitMilliseconds });

/**
 * A file by its identity rather than its name: what is opened through it is what was looked at, also when the path is
 * replaced in between (contract 7.3).
 */
export class FileHandle implements Closable {
  readonly path: string;
  readonly isFifo: boolean;
  readonly #handle: Descriptor;

  /** @throws SystemError, for instance ENOENT. */
  constructor(path: string) {
    this.path = path;
    this.#handle = new Descriptor(openFile(path, O_PATH));
    this.isFifo = fileStatus(this.#handle.number).type === 'fifo';
  }

  open(flags: number): Descriptor {
    return new Descriptor(openFile(`/proc/self/fd/${this.#handle.number}`, flags));
  }

  close(): void {
    this.#handle.close();
  }
}

/**
 * The writing side of an output FIFO, and a reading side that is never read from: with it a client that leaves does
 * not make the container's writes fail. Output then waits in the pipes until somebody reads again (trap 37).
 */
export class OutputFifo implements Sink {
  readonly mayRecover = false;
  readonly #path: string;
  readonly #writer: Descriptor;
  readonly #reader: Descriptor;

  private constructor(path: string, writer: Descriptor, reader: Descriptor) {
    this.#path = path;
    this.#writer = writer;
    this.#reader = reader;
  }

  /**
   * Opens the FIFO behind the handle, and closes the handle whatever happens. With a reader present this is done
   * synchronously; else it waits for one.
   * @throws Error `opening stdout FIFO <path>: no reader within 30 s`; the reason of the cancellation; SystemError.
   */
  static open(
    handle: FileHandle,
    stream: string,
    wait: ReaderWait,
  ): OutputFifo | Promise<OutputFifo> {
    try {
      const fifo = OutputFifo.#tryOpen(handle);
      if (fifo === undefined) return OutputFifo.#waitForReader(handle, stream, wait);
      handle.close();
      return fifo;
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  get descriptor(): number {
    return this.#writer.number;
  }

  expectNoReader(): void {
    this.#reader.close();
  }

  close(): void {
    this.#writer.close();
    this.#reader.close();
  }

  describe(): string {
    return `${this.#path} (${this.#writer}, held by ${this.#reader})`;
  }

  static #tryOpen(handle: FileHandle): OutputFifo | undefined {
    const opened = new Opened();
    try {
      const writer = opened.add(handle.open(O_WRONLY | O_NONBLOCK));
      const reader = opened.add(handle.open(O_RDONLY | O_NONBLOCK));
      return new OutputFifo(handle.path, writer, reader);
    } catch (error) {
      opened.close();
      if (isSystemError(error, 'ENXIO')) return undefined;
      throw error;
    }
  }

  static #waitForReader(handle: FileHandle, stream: string, wait: ReaderWait): Promise<OutputFifo> {
    if (wait.cancel?.cancelled === true) throw new Error('context canceled');
    return new Promise((resolve, reject) => {
      let pause = firstRetryMilliseconds;
      const settle = (): void => {
        clearTimeout(timer);
        removeListener?.();
        handle.close();
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const attempt = (): void => {
        try {
          const fifo = OutputFifo.#tryOpen(handle);
          if (fifo !== undefined) {
            settle();
            resolve(fifo);
          } else if (performance.now() < wait.deadline) {
            pause = Math.min(pause * 2, longestRetryMilliseconds);
            timer = setTimeout(attempt, pause);
          } else {
            const seconds = wait.limitMilliseconds / 1000;
            fail(new Error(`opening ${stream} FIFO ${handle.path}: no reader within ${seconds} s`));
          }
        } catch (error) {
          fail(error);
        }
      };
      let timer = setTimeout(attempt, pause);
      const removeListener = wait.cancel?.onCancel(fail);
    });
  }
}

/**
 * The reading side of the stdin FIFO, and the keeper: a writing side that is never written to. While it is held, a
 * client that leaves is no end of file for the container; CloseIO lets it go (contract 7.3). Neither open can block:
 * a reader need not wait for a writer, and the keeper finds the reader just opened.
 */
export class InputFifo implements Closable {
  readonly #path: string;
  readonly #reader: Descriptor;
  readonly #keeper: Descriptor;

  /** @throws Error `file X is not fifo`; SystemError. */
  constructor(path: string) {
    this.#path = path;
    const opened = new Opened();
    const handle = opened.add(new FileHandle(path));
    try {
      if (!handle.isFifo) throw new Error(`file ${path} is not fifo`);
      this.#reader = opened.add(handle.open(O_RDONLY | O_NONBLOCK));
      this.#keeper = handle.open(O_WRONLY | O_NONBLOCK);
    } catch (error) {
      opened.close();
      throw error;
    }
    handle.close();
  }

  get descriptor(): number {
    return this.#reader.number;
  }

  releaseKeeper(): void {
    this.#keeper.close();
  }

  close(): void {
    this.#keeper.close();
    this.#reader.close();
  }

  describe(): string {
    return `${this.#path} (${this.#reader}, keeper ${this.#keeper})`;
  }
}
