import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { ShimClient } from '../../test/support/shimClient.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { PROMPTLY, percentile99 } from './within.ts';

const INTERVAL_MILLISECONDS = 5;

/** What 99 of 100 questions took at most, in milliseconds. */
export interface Percentiles {
  readonly state: number;
  /** The same of a process that answers at once and has nothing else to do: what the machine adds. */
  readonly machine: number;
  readonly questions: number;
}

/**
 * Asks State of a container at fixed times, on a connection of its own, whether or not the last one was answered: a shim
 * that does not answer for a while has all the questions of that while against it. As often it asks a `cat`.
 */
export class Latency {
  readonly #client: ShimClient;
  readonly #echo: ChildProcessWithoutNullStreams;
  readonly #asked: number[] = [];
  readonly #ofState: number[] = [];
  readonly #ofMachine: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #open = 0;
  #failure: unknown;

  private constructor(client: ShimClient, id: string) {
    this.#client = client;
    this.#echo = spawn('cat', [], { stdio: 'pipe' });
    this.#echo.stdin.on('error', () => {});
    this.#echo.stdout.on('data', (bytes: Buffer) => {
      const now = performance.now();
      for (const asked of this.#asked.splice(0, bytes.length)) this.#ofMachine.push(now - asked);
    });
    this.#timer = setInterval(() => this.#ask(id), INTERVAL_MILLISECONDS);
  }

  static async ofState(pod: ShimPod, id: string): Promise<Latency> {
    return new Latency(await pod.connect(pod.client.service), id);
  }

  /** Asks no more, and waits for the answers. */
  async stop(): Promise<Percentiles> {
    clearInterval(this.#timer);
    const end = performance.now() + 10_000;
    while (this.#open > 0 && this.#failure === undefined && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.close();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#open > 0) throw new Error(`${this.#open} State are not answered`);
    const [state, machine] = [this.#ofState, this.#ofMachine].map(percentile99);
    return { state: state ?? 0, machine: machine ?? 0, questions: this.#ofState.length };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#client.close();
    this.#echo.kill('SIGKILL');
  }

  #ask(id: string): void {
    const asked = performance.now();
    this.#asked.push(asked);
    this.#echo.stdin.write('.');
    this.#open += 1;
    this.#client.state(id).then(
      () => {
        this.#open -= 1;
        this.#ofState.push(performance.now() - asked);
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }
}

/**
 * @param exactly whether 100 ms are asked for, beside what the machine takes. Otherwise it is a limit for hangs: for
 * runs that are short, or among others.
 * @throws Error when State took longer
 */
export function assertQuick({ state, machine, questions }: Percentiles, exactly: boolean): void {
  if (state <= (exactly ? 100 + machine : PROMPTLY)) return;
  const [of, idle] = [state, machine].map(Math.round);
  throw new Error(`99th percentile of ${questions} State: ${of} ms; of a \`cat\`: ${idle} ms`);
}
