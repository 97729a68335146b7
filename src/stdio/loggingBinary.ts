import type { Cancellation } from '../platform/cancellation.ts';
import { reasonOf } from '../platform/reason.ts';
import { SIGNALS } from '../posix/constants.ts';
import { makePipe, readSome, setNonBlocking } from '../posix/files.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import type { Command } from '../reaper/command.ts';
import type { Reaper } from '../reaper/reaper.ts';
import { Descriptor } from './descriptor.ts';
import { whenReadable } from './readable.ts';
import type { LoggerCommand } from './uri.ts';

/** A logger that has seen the end of its input gets this long to end by itself, so that no tail is lost. */
const graceMilliseconds = 1_000;
/** From SIGTERM to SIGKILL (contract 7.6). */
const terminationMilliseconds = 12_000;

export interface LoggingBinaryOptions {
  readonly command: LoggerCommand;
  /** Read ends; they stay the caller's. */
  readonly stdout: number;
  readonly stderr: number;
  /** The container's id, or the exec's. */
  readonly containerId: string;
  readonly namespace: string;
  readonly reaper: Reaper;
  readonly cancel: Cancellation | undefined;
}

/** The process behind `binary:` and `binary-v2:` (contract 7.6). */
export class LoggingBinary {
  readonly #command: Command;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;

  private constructor(command: Command) {
    this.#command = command;
  }

  /**
   * Starts it and waits until it calls ready: by a byte on fd 5, or by closing that. There is no time limit, as a
   * logger may have to wait for its own destination; the cancellation ends the wait. When this throws, the process is
   * killed.
   */
  static async start(options: LoggingBinaryOptions): Promise<LoggingBinary> {
    const [reader, writer] = makePipe();
    const readiness = new Descriptor(reader);
    const itsEnd = new Descriptor(writer);
    try {
      setNonBlocking(reader, true);
      const logger = new LoggingBinary(startCommand(options, writer));
      itsEnd.close();
      try {
        await waitUntilReady(reader, options);
      } catch (error) {
        logger.kill();
        throw error;
      }
      return logger;
    } finally {
      itsEnd.close();
      readiness.close();
    }
  }

  get pid(): number {
    return this.#command.pid;
  }

  get hasEnded(): boolean {
    return this.#command.exit !== undefined;
  }

  async whenEnded(): Promise<void> {
    await this.#command.wait();
  }

  /** For a container that never came to be. */
  kill(): void {
    this.#command.kill(SIGNALS.SIGKILL);
  }

  /**
   * Ends a logger whose pipes have no writer any more: it may end by itself, then comes SIGTERM, then SIGKILL. Goes on
   * in the background.
   */
  stop(): void {
    if (this.#stopping || this.hasEnded) return;
    this.#stopping = true;
    this.#timer = setTimeout(() => {
      this.#command.kill(SIGNALS.SIGTERM);
      this.#timer = setTimeout(() => this.kill(), terminationMilliseconds);
    }, graceMilliseconds);
    void this.#command.wait().then(() => clearTimeout(this.#timer));
  }

  describe(): string {
    const { pid, exit } = this.#command;
    return exit === undefined ? `logger pid ${pid}` : `logger pid ${pid} ended with ${exit.status}`;
  }
}

const startCommand = (options: LoggingBinaryOptions, readiness: number): Command => {
  const { command, stdout, stderr, containerId, namespace, reaper } = options;
  try {
    return reaper.start({
      path: command.path,
      argv: [command.path, ...command.arguments],
      environment: [`CONTAINER_ID=${containerId}`, `CONTAINER_NAMESPACE=${namespace}`],
      directory: undefined,
      descriptors: [-1, -1, -1, stdout, stderr, readiness],
      killWithParent: false,
      newProcessGroup: false,
      openFiles: inheritedOpenFiles(),
    });
  } catch (error) {
    const reason = reasonOf(error);
    throw new Error(`failed to start binary process: ${reason}`, { cause: error });
  }
};

const waitUntilReady = async (
  descriptor: number,
  { command, cancel }: LoggingBinaryOptions,
): Promise<void> => {
  let bytes = readSome(descriptor, 1);
  while (bytes === undefined) {
    await whenReadable(descriptor, { cancel, limit: undefined });
    bytes = readSome(descriptor, 1);
  }
  if (bytes.length === 0 && command.strict) {
    throw new Error(
      'logging binary did not call ready (it may have crashed or exited prematurely)',
    );
  }
};
