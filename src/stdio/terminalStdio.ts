import type { Cancellation } from '../platform/cancellation.ts';
import type { Logger } from '../platform/log.ts';
import { makePipe, setNonBlocking, writeAll } from '../posix/files.ts';
import { type Movement, startMovement } from '../posix/poller.ts';
import { setWindowSize } from '../posix/terminal.ts';
import type { ConsoleSocket } from './consoleSocket.ts';
import { Descriptor } from './descriptor.ts';
import { Drain } from './drain.ts';
import type { InputFifo } from './fifo.ts';
import { Input } from './input.ts';
import type { LoggingBinary } from './loggingBinary.ts';
import { Output } from './output.ts';
import type { ProcessStdio, RuntimeStdio } from './processStdio.ts';
import type { Sink } from './sink.ts';

/** Ctrl-D twice: the first may only hand over a line that was begun, the second is then the end. */
const endOfInput = new Uint8Array([4, 4]);

export interface TerminalParts {
  readonly socket: ConsoleSocket;
  readonly stdin: InputFifo | undefined;
  readonly stdout: Sink;
  /** When stdout is its pipe. It gets the end of file and is not ended by us (contract 7.6). */
  readonly loggingBinary: LoggingBinary | undefined;
  readonly cancel: Cancellation | undefined;
  readonly logger: Logger;
}

/** The stdio of a process with a terminal (contract 7.4). Owns all parts, and the master once it is here. */
export class TerminalStdio implements ProcessStdio {
  readonly #parts: TerminalParts;
  readonly #drain = new Drain(1, () => this.#output?.bytesTaken ?? 0);
  #master: Descriptor | undefined;
  #output: Output | undefined;
  #input: Input | undefined;
  #end: { readonly source: Descriptor; readonly movement: Movement } | undefined;
  #exited = false;
  #closed = false;

  constructor(parts: TerminalParts) {
    this.#parts = parts;
  }

  get forRuntime(): RuntimeStdio {
    return { consoleSocket: this.#parts.socket.path };
  }

  async attach(): Promise<void> {
    const { socket, stdin, stdout, cancel, logger } = this.#parts;
    const master = new Descriptor(await socket.receiveMaster(cancel));
    socket.close();
    if (this.#closed) {
      master.close();
      throw new Error('stdio is closed');
    }
    this.#master = master;
    setNonBlocking(master.number, true);
    this.#output = new Output({
      stream: 'terminal',
      source: master.number,
      terminal: true,
      sink: stdout,
      logger,
      ended: () => this.#outputEnded(),
    });
    this.#output.start();
    if (this.#exited) this.#output.processExited();
    if (stdin === undefined) return;
    this.#input = new Input({
      fifo: stdin,
      destination: master.number,
      ended: () => this.#typeEndOfInput(master.number),
      refused: () => {},
    });
    this.#input.start();
  }

  processExited(): void {
    this.#exited = true;
    this.#output?.processExited();
  }

  expectNoReader(): void {
    this.#parts.stdout.expectNoReader?.();
  }

  drained(milliseconds: number): Promise<boolean> {
    return this.#drain.wait(milliseconds);
  }

  resize(columns: number, rows: number): void {
    if (this.#master?.isOpen === true) setWindowSize(this.#master.number, columns, rows);
  }

  closeStdin(): void {
    this.#parts.stdin?.releaseKeeper();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { socket, stdin, stdout, loggingBinary } = this.#parts;
    if (this.#master === undefined) loggingBinary?.kill();
    socket.close();
    this.#output?.close();
    stdout.close();
    this.#closeMaster();
    stdin?.close();
    this.#drain.close();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  describe(): string {
    const { socket, stdin, loggingBinary } = this.#parts;
    const lines = [
      this.#master === undefined ? `console socket ${socket.path}` : `master ${this.#master}`,
      this.#input?.describe() ?? stdin?.describe() ?? 'no stdin',
      this.#output?.describe() ?? this.#parts.stdout.describe(),
    ];
    if (loggingBinary !== undefined) lines.push(loggingBinary.describe());
    return lines.join('\n');
  }

  #outputEnded(): void {
    // At once and explicitly: open masters of dead processes are counted (trap 40).
    this.#closeMaster();
    this.#drain.ended();
  }

  #closeMaster(): void {
    this.#input?.close();
    this.#end?.movement.cancel();
    this.#end?.source.close();
    this.#end = undefined;
    this.#master?.close();
  }

  /**
   * Stdin ended: CloseIO was called and no client holds the FIFO. The reference closes the console here, which hangs
   * up on the process and cuts its output (contract 7.4). What a caller of CloseIO means is "no more input", and on a
   * terminal that is Ctrl-D, whatever mode it is in: readline and line editors, which leave canonical mode, understand
   * it as well. script(1) does the same. A pipe with the bytes waits its turn where the terminal is full.
   */
  #typeEndOfInput(master: number): void {
    const [reader, writer] = makePipe();
    const source = new Descriptor(reader);
    try {
      setNonBlocking(reader, true);
      writeAll(writer, endOfInput);
    } finally {
      new Descriptor(writer).close();
    }
    const movement = startMovement({ source: reader, destination: master, terminal: false }, () => {
      source.close();
      this.#end = undefined;
    });
    this.#end = { source, movement };
  }
}
