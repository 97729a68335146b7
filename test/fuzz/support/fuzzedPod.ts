import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntrospectionClient } from '../../../src/cli/introspectionClient.ts';
import type { DescribeResponse } from '../../../src/proto/introspection.ts';
import { type Figures, figuresOf } from '../../soak/support/figures.ts';
import { shimCommand } from '../../support/binary.ts';
import { RunningCommand } from '../../support/commands.ts';
import { stopOnInterruption } from '../../support/interruption.ts';
import { isRunning } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';
import { Finding } from '../target.ts';

/**
 * Runs the shim where it can write below its own directory and in /run only: a spoiled path in a request may be that of
 * anything. What it starts in the background stays there.
 */
const CONFINED = `d=$(dirname "$PWD")
mount --make-rprivate / && mount --bind "$d" "$d" && mount --bind /run /run &&
  mount -o remount,ro,bind / && cd "$d/pod" && exec "$@"`;

const ANSWER_MILLISECONDS = 30_000;
const RUNNING = 2;
const SIGKILL = 9;
/** What a server may take for garbage that it has not collected yet. */
const LOOSE_KIBIBYTES = 32 * 1024;

/** A server with a container that nobody may harm, and another one that is fair game. */
export class FuzzedPod {
  readonly pod: ShimPod;
  readonly victim = 'victim';
  readonly #guard: string;
  readonly #guardPid: number;
  readonly #log: RunningCommand;
  readonly #logFile: string;
  readonly #before: Figures;
  readonly #done: () => void;
  #bundles = 0;

  private constructor(
    pod: ShimPod,
    guard: { id: string; pid: number },
    log: RunningCommand,
    done: () => void,
  ) {
    this.#done = done;
    this.pod = pod;
    this.#guard = guard.id;
    this.#guardPid = guard.pid;
    this.#log = log;
    this.#logFile = logFileOf(pod);
    this.#before = figuresOf(pod.pid);
  }

  static async open(): Promise<FuzzedPod> {
    let log: RunningCommand | undefined;
    let done = (): void => {};
    const pod = await ShimPod.start({
      command: ['unshare', '--mount', 'sh', '-c', CONFINED, 'sh', ...shimCommand()],
      opened: (opened) => {
        done = stopOnInterruption(() => opened.close());
      },
    });
    try {
      log = readLog(pod);
      // An id that no input has by chance.
      const id = `guard-${pod.sandbox.directory.slice(-6)}-${process.pid}`;
      const { pid } = await pod.run({ args: ['sleep', '100000'] }, id);
      const fuzzed = new FuzzedPod(pod, { id, pid }, log, done);
      await fuzzed.#newVictim();
      return fuzzed;
    } catch (error) {
      log?.kill('SIGKILL');
      await pod.close();
      done();
      throw error;
    }
  }

  /** A bundle for containers that inputs create. */
  get bundle(): string {
    return join(this.pod.sandbox.directory, 'fuzzed');
  }

  /** @throws Finding when the server or the guard has come to harm, or the server holds on to something */
  async check(): Promise<void> {
    const { pod } = this;
    if (!isRunning(pod.pid)) throw new Finding(`the server is gone; its log ends: ${this.#tail()}`);
    const state = await answered('State', pod.client.state(this.#guard));
    if (state.status !== RUNNING || state.pid !== this.#guardPid || !isRunning(state.pid)) {
      throw new Finding(`the other container came to harm: ${JSON.stringify(state.status)}`);
    }
    await answered('clean-up', this.#cleanUp());
    await waitUntil('descriptors are closed', () => this.#descriptors() <= 0).catch(() => {
      throw new Finding(
        `${this.#descriptors()} descriptors more:\n${pod.descriptors().join('\n')}`,
      );
    });
    const grown = figuresOf(pod.pid).memory - this.#before.memory;
    if (grown > LOOSE_KIBIBYTES) throw new Finding(`private memory grew by ${grown} KiB`);
    const mistake = /^.*(uncaught|unhandled|TypeError|RangeError|ReferenceError|call stack).*$/im;
    const [line] = mistake.exec(readFileSync(this.#logFile, 'utf8')) ?? [];
    if (line !== undefined) throw new Finding(`in the log: ${line}`);
    await this.#newVictim();
  }

  async close(): Promise<void> {
    this.#log.kill('SIGKILL');
    await this.pod.close();
    this.#done();
  }

  #descriptors(): number {
    return figuresOf(this.pod.pid).descriptors - this.#before.descriptors;
  }

  /** Containers that the inputs made or spoiled. */
  async #cleanUp(): Promise<void> {
    const { client } = this.pod;
    // What an input has begun goes on without its connection.
    const isAtRest = async (): Promise<DescribeResponse | false> => {
      const found = await this.#describe();
      return found.server?.commandsRunning === 0 && found.calls.length === 0 && found;
    };
    const { containers } = await waitUntil('no command runs', isAtRest);
    for (const { init } of containers) {
      const id = init?.id ?? '';
      if (id === this.#guard) continue;
      await client.resume(id).catch(() => {});
      await client.kill(id, SIGKILL, { all: true }).catch(() => {});
      const known = await client.wait(id).catch(() => undefined);
      if (known !== undefined) await client.delete(id).catch(() => {});
    }
  }

  async #describe(): Promise<DescribeResponse> {
    const client = await IntrospectionClient.connect(this.pod.socket);
    try {
      return await client.describe();
    } finally {
      client.close();
    }
  }

  async #newVictim(): Promise<void> {
    const { client } = this.pod;
    this.#bundles += 1;
    const bundle = this.pod.bundle(`victim-${this.#bundles}`, { args: ['sleep', '100000'] });
    if (this.#bundles === 1) this.pod.bundle('fuzzed', { args: ['sleep', '100000'] });
    const known = await client.state(this.victim).catch(() => undefined);
    if (known !== undefined) return;
    await client.create({ id: this.victim, bundle, options: this.pod.options() });
    await client.start(this.victim);
  }

  #tail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-1000);
  }
}

function answered<T>(what: string, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Finding(`${what}: no answer in ${ANSWER_MILLISECONDS} ms`)),
      ANSWER_MILLISECONDS,
    );
    const fail = (error: unknown): void => reject(new Finding(`${what}: ${String(error)}`));
    call.then(resolve, fail).finally(() => clearTimeout(limit));
  });
}

function logFileOf(pod: ShimPod): string {
  return join(pod.sandbox.directory, 'log.txt');
}

/** The server's log, in a file that is there at once. */
function readLog(pod: ShimPod): RunningCommand {
  const program = ': > "$1"; exec cat <> "$0" >> "$1"';
  const log = join(pod.firstBundle, 'log');
  return new RunningCommand('sh', ['-c', program, log, logFileOf(pod)], {
    limitMilliseconds: 24 * 3_600_000,
  });
}
