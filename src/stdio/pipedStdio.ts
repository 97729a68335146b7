import type { Logger } from '../platform/log.ts';
import { Drain } from './drain.ts';
import type { InputFifo } from './fifo.ts';
import { Input } from './input.ts';
import { Output } from './output.ts';
import type { ContainerPipe } from './pipes.ts';
import type { ProcessStdio, RuntimeStdio } from './processStdio.ts';
import type { Sink } from './sink.ts';

export interface PipedInput {
  readonly pipe: ContainerPipe;
  readonly fifo: InputFifo;
}

export interface PipedOutput {
  readonly stream: 'stdout' | 'stderr';
  readonly pipe: ContainerPipe;
  readonly sink: Sink;
}

export interface PipedParts {
  readonly stdin: PipedInput | undefined;
  readonly stdout: PipedOutput | undefined;
  readonly stderr: PipedOutput | undefined;
  readonly logger: Logger;
}

/** Pipes whose bytes we move to and from FIFOs or a file (contract 7.2, 7.3). Owns all parts. */
export class PipedStdio implements ProcessStdio {
  readonly forRuntime: RuntimeStdio;
  readonly #stdin: PipedInput | undefined;
  readonly #pipes: readonly ContainerPipe[];
  readonly #outputs: readonly Output[];
  readonly #input: Input | undefined;
  readonly #drain: Drain;
  #attached = false;

  constructor({ stdin, stdout, stderr, logger }: PipedParts) {
    const outputs = [stdout, stderr].filter((output) => output !== undefined);
    this.#stdin = stdin;
    this.#pipes = outputs.map(({ pipe }) => pipe);
    this.#outputs = outputs.map(
      ({ stream, pipe, sink }) =>
        new Output({
          stream,
          source: pipe.ours.number,
          terminal: false,
          sink,
          logger,
          ended: () => {
            pipe.close();
            this.#drain.ended();
          },
        }),
    );
    this.#drain = new Drain(outputs.length, () =>
      this.#outputs.reduce((sum, output) => sum + output.bytesTaken, 0),
    );
    if (stdin !== undefined) {
      this.#input = new Input({
        fifo: stdin.fifo,
        destination: stdin.pipe.ours.number,
        ended: () => stdin.pipe.close(),
        refused: () => stdin.pipe.close(),
      });
    }
    this.forRuntime = {
      descriptors: [
        stdin?.pipe.container.number ?? -1,
        stdout?.pipe.container.number ?? -1,
        stderr?.pipe.container.number ?? -1,
      ],
    };
  }

  attach(): Promise<void> {
    if (this.#attached) return Promise.resolve();
    this.#attached = true;
    this.#stdin?.pipe.container.close();
    for (const pipe of this.#pipes) pipe.container.close();
    for (const output of this.#outputs) output.start();
    this.#input?.start();
    return Promise.resolve();
  }

  processExited(): void {}

  expectNoReader(): void {
    for (const output of this.#outputs) output.expectNoReader();
  }

  drained(milliseconds: number): Promise<boolean> {
    return this.#drain.wait(milliseconds);
  }

  resize(): void {}

  closeStdin(): void {
    this.#input?.closeStdin();
  }

  close(): void {
    this.#attached = true;
    this.#input?.close();
    this.#stdin?.pipe.close();
    for (const output of this.#outputs) output.close();
    for (const pipe of this.#pipes) pipe.close();
    this.#drain.close();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  describe(): string {
    const input = this.#input === undefined ? [] : [this.#input.describe()];
    return [...input, ...this.#outputs.map((output) => output.describe())].join('\n');
  }
}
