import type { Logger } from '../platform/log.ts';
import { type Movement, startMovement } from '../posix/poller.ts';
import type { Closable } from './descriptor.ts';
import { openNowhere, type Sink } from './sink.ts';

/** How long after a failed write the sink is tried again. */
const retryMilliseconds = 1_000;

export interface OutputOptions {
  readonly stream: string;
  /** The read end of the pipe, or the pty master. */
  readonly source: number;
  readonly terminal: boolean;
  /** Owned by the output from here on. */
  readonly sink: Sink;
  readonly logger: Logger;
  /** The source is exhausted and the sink closed. Not called after close(). */
  readonly ended: () => void;
}

/**
 * One output of a process on its way to its sink. The sink is closed as soon as the source has ended: clients wait for
 * that end of file before they delete the process (trap 36a). The source stays the caller's.
 *
 * A sink that fails never stops the container: what it writes is dropped, and counted. A file is tried again every
 * second, because disks get emptied (containerd#12462). The piece in hand when a write fails is not in the count.
 */
export class Output implements Closable {
  readonly #options: OutputOptions;
  #movement: Movement | undefined;
  #nowhere: Sink | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failure: string | undefined;
  #exited = false;
  #ended = false;
  #movedBefore = 0;
  #droppedBefore = 0;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get bytesMoved(): number {
    return this.#movedBefore + (this.#nowhere === undefined ? (this.#movement?.bytes ?? 0) : 0);
  }

  get bytesDropped(): number {
    return this.#droppedBefore + (this.#nowhere === undefined ? 0 : (this.#movement?.bytes ?? 0));
  }

  /** Moved or dropped. */
  get bytesTaken(): number {
    return this.bytesMoved + this.bytesDropped;
  }

  start(): void {
    this.#move(this.#options.sink, (bytes, error) => {
      this.#movedBefore += bytes;
      if (error === undefined) this.#end();
      else this.#drop(error);
    });
  }

  /** The process is dead: a terminal ends at the next "nothing there". */
  processExited(): void {
    this.#exited = true;
    this.#movement?.finish();
  }

  /** What nobody reads any more is dropped from now on. */
  expectNoReader(): void {
    this.#options.sink.expectNoReader?.();
  }

  close(): void {
    this.#ended = true;
    this.#stop();
    this.#options.sink.close();
  }

  describe(): string {
    const { stream, source, sink } = this.#options;
    const state = this.#ended ? 'ended' : `fd ${source}`;
    const dropped = this.bytesDropped === 0 ? '' : `, ${this.bytesDropped} dropped`;
    const failure = this.#failure === undefined ? '' : ` after ${this.#failure}`;
    return `${stream}: ${state} to ${sink.describe()}, ${this.bytesMoved} bytes${dropped}${failure}`;
  }

  #move(sink: Sink, ended: (bytes: number, error: string | undefined) => void): void {
    const { source, terminal } = this.#options;
    this.#movement = startMovement({ source, destination: sink.descriptor, terminal }, (end) => {
      this.#movement = undefined;
      ended(end.bytes, end.error);
    });
    if (this.#exited) this.#movement.finish();
  }

  #drop(error: string): void {
    const { stream, sink, logger } = this.#options;
    if (this.#failure === undefined) {
      logger.warn({ stream, sink: sink.describe(), error }, 'output is dropped: sink failed');
    }
    this.#failure = error;
    this.#nowhere = openNowhere();
    this.#move(this.#nowhere, (bytes) => {
      this.#droppedBefore += bytes;
      // Also an error ends it here: the source itself is unreadable.
      this.#end();
    });
    if (!sink.mayRecover) return;
    this.#retry = setTimeout(() => {
      this.#stop();
      this.start();
    }, retryMilliseconds);
  }

  #end(): void {
    this.close();
    this.#options.ended();
  }

  /** Ends whatever moves now and keeps its count. */
  #stop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const movement = this.#movement;
    this.#movement = undefined;
    movement?.cancel();
    const bytes = movement?.bytes ?? 0;
    if (this.#nowhere === undefined) this.#movedBefore += bytes;
    else this.#droppedBefore += bytes;
    this.#nowhere?.close();
    this.#nowhere = undefined;
  }
}
