import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunningCommand } from '../support/commands.ts';
import { Containerd } from '../support/containerd.ts';
import type { EventStream } from '../support/events.ts';
import { isRunning, killQuietly, listProcesses, waitForEnd } from '../support/processes.ts';
import { waitUntil } from '../support/waiting.ts';
import { Gates } from './gates.ts';
import { processesOf } from './leftovers.ts';
import type { Step } from './steps.ts';
import { checkTrue } from './story.ts';

const GROUP = 'io.containerd.runc.v2.group';
const BYSTANDER = 'bystander';
const SLEEP = ['/bin/sleep', '1000'];

/** The same as Life with a real containerd in the daemon's part, which has to do the cleaning up. */
export class DaemonLife {
  readonly containerd: Containerd;
  readonly gates: Gates;
  readonly victim = 'victim';
  readonly #tried = new Set<Step>();
  readonly #streams: EventStream[] = [];
  #bystander = 0;

  private constructor(containerd: Containerd, gates: Gates) {
    this.containerd = containerd;
    this.gates = gates;
  }

  /** @param opened is given how to end it all, before anything runs */
  static async begin(opened: (close: () => Promise<void>) => void): Promise<DaemonLife> {
    let gates: Gates | undefined;
    let life: DaemonLife | undefined;
    // The daemon finds the gates under the name of runc.
    const searchPath: string[] = [];
    const containerd = Containerd.prepare({ searchPath });
    opened(async () => {
      await Promise.all((life?.streams ?? []).map((stream) => stream.close()));
      gates?.close();
      await containerd.stop();
    });
    const directory = join(containerd.directory, 'gates');
    gates = new Gates(directory);
    searchPath.push(directory);
    await containerd.launch();
    life = new DaemonLife(containerd, gates);
    for (const id of [BYSTANDER, life.victim, 'pod']) containerd.remember(id);
    life.streams.push(await containerd.events());
    await containerd.ctrWell(...life.#runArguments(BYSTANDER));
    life.#bystander = (await containerd.task(BYSTANDER))?.pid ?? 0;
    return life;
  }

  get streams(): EventStream[] {
    return this.#streams;
  }

  get shim(): number {
    return this.containerd.shims()[0] ?? 0;
  }

  /** Has the daemon's client make a step; both of them may be stopped or end meanwhile. */
  startStep(step: Step): RunningCommand {
    this.#tried.add(step);
    // The daemon's client does both.
    if (step === 'start') this.#tried.add('create');
    if (step === 'create') this.#tried.add('start');
    return new RunningCommand(this.containerd.ctrPath, [
      ...['-a', this.containerd.address, '-n', this.containerd.namespace],
      ...this.#arguments(step),
    ]);
  }

  /** Leads the victim up to a step. */
  async leadTo(step: Step): Promise<void> {
    if (step === 'create' || step === 'start') return;
    await this.#do('start');
    if (step === 'exec') return;
    await this.#do('exec');
    if (step === 'kill') return;
    await this.#do('kill');
    await this.containerd.waitForStatus(this.victim, 'STOPPED');
  }

  /** No runtime that the shim has called is under way. */
  async runtimesEnd(): Promise<void> {
    const { shim } = this;
    await waitUntil('no runtime is under way', () =>
      listProcesses().every(({ parent, argv, state }) => {
        const isRuntime = argv.some((word) => word.endsWith('runc')) && argv[1] !== 'init';
        // One that is about to end has given up its command line already.
        return parent !== shim || (state !== 'Z' && argv.length > 0 && !isRuntime);
      }),
    );
  }

  /**
   * The daemon runs again, or still. Checks that it lists what there is, can be used as before and ends with nothing left.
   * @param bystanderLives its shim was not hit
   */
  async end(bystanderLives: boolean): Promise<void> {
    const { containerd, victim } = this;
    if (bystanderLives) {
      const task = { pid: this.#bystander, status: 'RUNNING' };
      assert.deepEqual(await containerd.task(BYSTANDER), task, 'the bystander');
    } else {
      await waitForEnd(this.#bystander);
    }
    await this.#checkListing();
    this.#tried.add('delete');
    await this.#remove(victim);
    this.#checkEvents();
    // The id is free.
    await containerd.ctrWell(...this.#runArguments(victim));
    await this.#remove(victim);
    await this.#remove(BYSTANDER);
    assert.deepEqual(await containerd.leftovers(), []);
    const mark = basename(containerd.directory);
    await waitUntil('no process is left', () => processesOf(mark).length === 0);
  }

  /** A containerd that was killed is started over the same directories. */
  async restart(): Promise<void> {
    await this.containerd.launch();
    this.#streams.push(await this.containerd.events());
  }

  async #do(step: Step): Promise<void> {
    const { status, stderr } = await this.startStep(step).finished;
    assert.equal(status, 0, `${step}: ${stderr}`);
  }

  /** Each task that is listed as running has a process, and no other has. */
  async #checkListing(): Promise<void> {
    for (const id of [this.victim, BYSTANDER]) {
      const task = await this.containerd.task(id);
      if (task === undefined) continue;
      const runs = ['RUNNING', 'CREATED'].includes(task.status);
      assert.equal(runs, task.pid !== 0 && isRunning(task.pid), `${id} is ${task.status}`);
    }
  }

  async #remove(id: string): Promise<void> {
    const { containerd } = this;
    await containerd.ctr('tasks', 'kill', '-s', 'SIGKILL', id);
    await waitUntil(`${id} has no task`, async () => {
      await containerd.ctr('tasks', 'rm', '-f', id);
      // A task whose shim is dead is not listed, though the daemon is still at its cleaning up.
      return (await containerd.task(id)) === undefined && !existsSync(containerd.bundle(id));
    });
    await containerd.ctr('containers', 'rm', id);
    const { stdout } = await containerd.ctr('containers', 'ls', '-q');
    assert.ok(!stdout.split('\n').includes(id), `${id} is still a container`);
  }

  #checkEvents(): void {
    for (const stream of this.#streams) checkTrue(this.#storyOf(stream), this.#tried);
  }

  /** The daemon itself tells of an exit when a shim dies; that is no second one as long as it says the same. */
  #storyOf(stream: EventStream): string[] {
    const told = new Set<string>();
    return stream.seen
      .filter(({ fields }) => fields.container_id === this.victim)
      .filter(({ topic, fields }) => {
        const exit = `${fields.id} ${fields.pid} ${fields.exit_status}`;
        const again = topic === '/tasks/exit' && told.has(exit);
        if (topic === '/tasks/exit') told.add(exit);
        return topic.startsWith('/tasks/') && !again;
      })
      .map(({ topic, fields }) => {
        const of = fields.exec_id ?? fields.id ?? '';
        return `${topic.replace('/tasks/', '')} ${of === this.victim ? '' : of}`.trim();
      });
  }

  #arguments(step: Step): string[] {
    const { containerd, victim } = this;
    switch (step) {
      case 'exec': {
        const flags = ['-d', ...containerd.fifoFlags(), '--exec-id', 'e'];
        return ['tasks', 'exec', ...flags, victim, ...SLEEP];
      }
      case 'kill':
        return ['tasks', 'kill', '-s', 'SIGKILL', victim];
      case 'delete':
      case 'shutdown':
        return ['tasks', 'rm', victim];
      default:
        return this.#runArguments(victim);
    }
  }

  #runArguments(id: string): string[] {
    const flags = ['-d', '--null-io', '--annotation', `${GROUP}=pod`];
    return this.containerd.runArguments(id, SLEEP, ...flags);
  }
}

/** SIGKILL, and the process is gone. */
export async function kill(pid: number): Promise<void> {
  killQuietly(pid);
  await waitForEnd(pid);
}
