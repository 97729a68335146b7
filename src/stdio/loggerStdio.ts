import type { LoggingBinary } from './loggingBinary.ts';
import type { ContainerPipe } from './pipes.ts';
import type { ProcessStdio, RuntimeStdio } from './processStdio.ts';

export interface LoggerParts {
  readonly stdout: ContainerPipe;
  readonly stderr: ContainerPipe;
  readonly loggingBinary: LoggingBinary;
}

/**
 * Pipes straight from the container to a logging binary (contract 7.6); no byte passes through us. We let go of both
 * ends once the container has them, so that the binary sees the end of file when the last writer is gone. The
 * reference holds the write ends until Delete, and then its SIGTERM arrives together with that end of file.
 */
export class LoggerStdio implements ProcessStdio {
  readonly forRuntime: RuntimeStdio;
  readonly #parts: LoggerParts;
  #attached = false;
  #closed = false;

  constructor(parts: LoggerParts) {
    this.#parts = parts;
    this.forRuntime = {
      descriptors: [-1, parts.stdout.container.number, parts.stderr.container.number],
    };
  }

  attach(): Promise<void> {
    this.#attached = true;
    this.#closePipes();
    return Promise.resolve();
  }

  processExited(): void {}

  expectNoReader(): void {}

  /** Nothing of it goes through us: Delete need not wait. */
  drained(): Promise<boolean> {
    return Promise.resolve(true);
  }

  resize(): void {}

  closeStdin(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closePipes();
    if (this.#attached) this.#parts.loggingBinary.stop();
    else this.#parts.loggingBinary.kill();
  }

  settled(): Promise<void> {
    return this.#parts.loggingBinary.whenEnded();
  }

  describe(): string {
    return this.#parts.loggingBinary.describe();
  }

  #closePipes(): void {
    this.#parts.stdout.close();
    this.#parts.stderr.close();
  }
}
