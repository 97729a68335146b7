import { join } from 'node:path';
import { RunningCommand } from '../../test/support/commands.ts';
import { repository } from '../../test/support/paths.ts';
import { waitUntil } from '../../test/support/waiting.ts';

const PROGRAM = join(repository, 'build/bench/load');
const LIMIT_MILLISECONDS = 10 * 60_000;

/** Nanoseconds below which half of the values lie, 99 of 100, and all. */
export interface Durations {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The generator and all threads of the server on one core, each on one of its own, or wherever the kernel puts them. */
export type Placement = 'together' | 'apart' | 'anywhere';

/** Times in nanoseconds. */
export interface CallsResult {
  readonly calls: number;
  readonly wall: number;
  /** Processor time of the generator. */
  readonly client: number;
  /** Processor time of the shim alone, without what it ran. */
  readonly server: number;
  readonly flow: Durations;
  readonly step1: Durations;
}

export interface StartResult {
  readonly returned: number;
  readonly answered: number;
  /** Processor time of what was run with `start`, and of the server until it answered. */
  readonly helper: number;
  readonly server: number;
  readonly pid: number;
  readonly socket: string;
}

export interface CommandPlace {
  /** The generator itself is run there. */
  readonly mountNamespace?: number | undefined;
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The program that is timed with (bench/load). */
export class LoadGenerator {
  readonly path = PROGRAM;
  readonly #running = new Set<RunningCommand>();

  /**
   * Runs a plan. A flow begins when one before it has ended, `inFlight` at a time.
   * @throws Error when a call failed
   */
  async calls(
    socket: string,
    plan: string,
    {
      flows,
      inFlight,
      pid,
      placement = 'anywhere',
    }: { flows: number; inFlight: number; pid: number; placement?: Placement | undefined },
  ): Promise<CallsResult> {
    const words = [socket, plan, String(flows), String(inFlight), String(pid), placement];
    const result = await this.#run<CallsResult & { errors: number; firstError: string }>(
      'calls',
      words,
    );
    if (result.errors > 0) throw new Error(`${result.errors} calls failed: ${result.firstError}`);
    return result;
  }

  /** Runs a shim's `start` and makes the first call. `request` and `stdin` are files. */
  start(
    request: string,
    stdin: string,
    command: readonly string[],
    place: CommandPlace,
  ): Promise<StartResult> {
    return this.#run<StartResult>('start', [request, stdin, ...command], place);
  }

  /** @returns how long it took until all of them had ended, in nanoseconds */
  async spawn(count: number, command: readonly string[], place?: CommandPlace): Promise<number> {
    const words = [String(count), ...command];
    const result = await this.#run<{ wall: number; failures: number }>('spawn', words, place);
    if (result.failures > 0) throw new Error(`${command.join(' ')}: ${result.failures} failed`);
    return result.wall;
  }

  /** @returns nanoseconds from the first byte to the last */
  async drain(fifo: string, bytes: number): Promise<number> {
    const result = await this.#run<{ bytes: number; wall: number }>('drain', [fifo, String(bytes)]);
    if (result.bytes !== bytes) throw new Error(`${result.bytes} bytes came, not ${bytes}`);
    return result.wall;
  }

  /** @returns what a minimal reaper of so many orphans needs, in nanoseconds of processor time */
  async reaper(orphans: number): Promise<number> {
    const output = await this.#output('reaper', [String(orphans)]);
    const [, line = '{}'] = output.trim().split('\n');
    const { reaped, cpu } = JSON.parse(line) as { reaped: number; cpu: number };
    if (reaped !== orphans) throw new Error(`the reaper reaped ${reaped} of ${orphans}`);
    return cpu;
  }

  /** Starts a server that answers every call with these bytes, and does nothing else. It ends with `close`. */
  async answerer(socket: string, file: string): Promise<{ readonly pid: number }> {
    const command = new RunningCommand(PROGRAM, ['answer', socket, file], {
      limitMilliseconds: LIMIT_MILLISECONDS,
    });
    this.#running.add(command);
    const forget = (): boolean => this.#running.delete(command);
    command.finished.then(forget, forget);
    await command.waitForOutput(/listening/);
    return command;
  }

  /** Processor time of a process, its threads included, its children not; in nanoseconds. */
  async processorTime(pid: number): Promise<number> {
    return (await this.#run<{ cpu: number }>('cpu', [String(pid)])).cpu;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    for (const command of this.#running) command.kill('SIGKILL');
    await waitUntil('the load generator has ended', () => this.#running.size === 0);
  }

  /** @typeParam Result as the command of this name prints it */
  async #run<Result>(name: string, words: readonly string[], place?: CommandPlace) {
    return JSON.parse(await this.#output(name, words, place)) as Result;
  }

  async #output(name: string, words: readonly string[], place: CommandPlace = {}): Promise<string> {
    const { directory, environment, mountNamespace } = place;
    const entering =
      mountNamespace === undefined ? [] : ['nsenter', `--mount=/proc/${mountNamespace}/ns/mnt`];
    const [program = '', ...rest] = [...entering, PROGRAM, name, ...words];
    const command = new RunningCommand(program, rest, {
      limitMilliseconds: LIMIT_MILLISECONDS,
      ...(directory === undefined ? {} : { directory }),
      ...(environment === undefined ? {} : { environment: { ...process.env, ...environment } }),
    });
    this.#running.add(command);
    try {
      const { status, stdout, stderr } = await command.finished;
      if (status !== 0) throw new Error(`load ${name} ended with ${status}: ${stderr}`);
      return stdout;
    } finally {
      this.#running.delete(command);
    }
  }
}
