import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endsWithin } from '../../src/platform/timeLimit.ts';
import { withoutUnifiedCgroups } from '../../test/matrix/containerd/mountNamespace.ts';
import { Closers } from '../../test/support/closers.ts';
import type { RunningCommand } from '../../test/support/commands.ts';
import { type ContainerInput, ShimPod } from '../../test/support/shimPod.ts';
import type { Contender } from './contender.ts';
import { Daemon } from './daemon.ts';
import { LoadGenerator } from './loadGenerator.ts';
import type { OciRuntime } from './ociRuntime.ts';
import type { Samples } from './samples.ts';

/** The longest one is 50 execs under a shim that reaps them one by one, which has taken 65 s. */
const turnLimitMilliseconds = 100_000;

/** What all rows have in common. */
export interface Setting {
  /** podshim first. */
  readonly contenders: readonly [Contender, Contender];
  /** The OCI runtime of rows that use one; where a row is about several, those. */
  readonly runtime: OciRuntime;
  readonly runtimes: readonly OciRuntime[];
  readonly quick: boolean;
  /** Instead of each row's own number of rounds. */
  readonly rounds: number | undefined;
}

/** What a row gets: shims and daemons, which end with it, and a place for what it measured. */
export class RowContext {
  readonly load = new LoadGenerator();
  readonly directory = mkdtempSync(join(tmpdir(), 'podshim-bench-'));
  readonly notes: string[] = [];
  readonly setting: Setting;
  readonly samples: Samples;
  readonly #closers = new Closers();
  #closed = false;
  #holder: RunningCommand | undefined;

  constructor(setting: Setting, samples: Samples) {
    this.setting = setting;
    this.samples = samples;
    this.atEnd(() => rmSync(this.directory, { recursive: true, force: true }));
    this.atEnd(() => this.#holder?.kill('SIGKILL'));
    this.atEnd(() => this.load.close());
  }

  get contenders(): readonly [Contender, Contender] {
    return this.setting.contenders;
  }

  /** How often the row is to do what it does, in a whole run and in a quick one. */
  rounds(whole: number, quick: number): number {
    return this.setting.rounds ?? this.size(whole, quick);
  }

  /** How much of something, in a whole run and in a quick one. */
  size(whole: number, quick: number): number {
    return this.setting.quick ? quick : whole;
  }

  add(figure: string, contender: Contender | string, value: number): void {
    this.samples.add(figure, typeof contender === 'string' ? contender : contender.name, value);
  }

  /** Something to be told below the row. */
  note(text: string): void {
    this.notes.push(text);
  }

  /**
   * Takes the contenders in turn, in each round in the other order: A B, B A, A B. Ends with the first turn that hangs, as
   * there is a shim that does so now and then.
   */
  async alternate<Item>(
    rounds: number,
    items: readonly Item[],
    work: (item: Item, round: number) => Promise<void>,
  ): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const item of round % 2 === 0 ? items : items.toReversed()) {
        this.#checkOpen();
        const turn = work(item, round);
        if (!(await endsWithin(turn, turnLimitMilliseconds))) {
          const seconds = turnLimitMilliseconds / 1000;
          this.note(
            `${nameOf(item)}: round ${round + 1} had no end within ${seconds} s. The rounds before it count.`,
          );
          return;
        }
        await turn;
      }
    }
  }

  /** Starts a shim without a daemon: events go to this process. */
  async pod(contender: Contender): Promise<ShimPod> {
    this.#checkOpen();
    const { path, bootstrap } = contender.shim;
    const namespace = await this.mountNamespace();
    return ShimPod.start({
      command: namespace === undefined ? [path] : [...enteringAndStaying(namespace), path],
      bootstrap,
      // A Go shim writes the process of an exec there, and leaves it when it is killed.
      environment: { TMPDIR: this.directory },
      log: 'read',
      stderrIfNone: '/dev/null',
      opened: (pod) => this.atEnd(() => pod.close()),
    });
  }

  /** Runs a container in a pod, by default one that sleeps, and returns its id. */
  async container(pod: ShimPod, input: Partial<ContainerInput> = {}): Promise<string> {
    const options = pod.options({ binaryName: this.setting.runtime.path });
    const request = { options, ...input.request };
    const { id } = await pod.run({ args: ['/bin/sleep', '1000000'], ...input, request });
    return id;
  }

  /**
   * The process in whose mount namespace a runtime has to work; undefined where it can work anywhere. crun refuses
   * a hybrid of both versions of cgroups.
   */
  async mountNamespace(runtime: OciRuntime = this.setting.runtime): Promise<number | undefined> {
    if (runtime.name !== 'crun') return undefined;
    this.#holder ??= await withoutUnifiedCgroups();
    return this.#holder?.pid;
  }

  /** A pod of each contender with one container that sleeps. */
  async podPairs(): Promise<PodWithContainer[]> {
    const pods: PodWithContainer[] = [];
    for (const contender of this.contenders) {
      const pod = await this.pod(contender);
      pods.push({ contender, pod, id: await this.container(pod) });
    }
    return pods;
  }

  /** A containerd that finds both shims, and the runtime under the name of runc. */
  async daemon(runtime: OciRuntime = this.setting.runtime): Promise<Daemon> {
    this.#checkOpen();
    return Daemon.start(this, runtime);
  }

  async sleep(seconds: number): Promise<void> {
    await sleep(seconds * 1000);
  }

  /** The last comes first. */
  atEnd(closer: () => Promise<void> | void): void {
    this.#closers.add(closer);
  }

  /** Ends everything. One that fails does not keep the others from being ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#closers.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('interrupted');
  }
}

/** Words before a command that runs it in a mount namespace, in the same directory as otherwise. */
function enteringAndStaying(mountNamespace: number): string[] {
  const inside = `nsenter --mount=/proc/${mountNamespace}/ns/mnt sh -c 'cd "$0" && exec "$@"'`;
  return ['sh', '-c', `exec ${inside} "$(pwd -P)" "$@"`, 'sh'];
}

export interface PodWithContainer {
  readonly contender: Contender;
  readonly pod: ShimPod;
  readonly id: string;
}

/** Whose turn it was: items are contenders, or have one. */
function nameOf(item: unknown): string {
  const { contender = item } = item as { readonly contender?: unknown };
  return (contender as Partial<Contender>).name ?? 'one of them';
}
