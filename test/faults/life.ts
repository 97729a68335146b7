import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { within } from '../../conformance/support/within.ts';
import type { CreateTaskRequest, MessageInput } from '../../src/proto/messages.ts';
import { cgroupsBelow } from '../support/cgroups.ts';
import type { Fifos } from '../support/fifos.ts';
import { isRunning, listProcesses, waitForEnd } from '../support/processes.ts';
import type { ShimClient } from '../support/shimClient.ts';
import { waitUntil } from '../support/waiting.ts';
import { type Ground, leftoversOf } from './leftovers.ts';
import { DaemonPart, type Plan } from './pod.ts';
import type { Step } from './steps.ts';
import { checkTrue, WHOLE_LIFE } from './story.ts';

const BYSTANDER = 'bystander';
const KILL = 9;
const TERM = 15;
/** With this the victim answers SIGTERM, so that its true status is not that of a process that was killed. */
const TRUE_STATUS = 42;
const KILLED = 137;
const RUNNING = 2;
const ANSWER_MILLISECONDS = 30_000;
const VICTIM_SCRIPT = `trap 'echo bye; exit ${TRUE_STATUS}' TERM; echo ran >> /tmp/facts/victim; sleep 1000 & wait`;
const EXEC_SCRIPT = 'echo ran >> /tmp/facts/exec; exec sleep 1000';

/**
 * A container that a fault is to hit, led step by step from its creation to its end, in a pod with another one that must
 * not notice. Knows at the end what must be gone and which events must have come.
 */
export class Life {
  readonly daemon: DaemonPart;
  readonly victim = 'victim';
  /** Who makes the victim's calls: another connection than the pod's where that one is to be lost. */
  caller: ShimClient;
  /** Where the victim's bundle lies, if not beside the others. */
  bundles: string;
  /** The containers are such as the shim starts, kills and deletes without the runtime; there are no gates. */
  direct = false;
  /** The victim and its exec have terminals. */
  terminal = false;
  /** More of the victim's Create. */
  request: MessageInput<CreateTaskRequest> = {};
  /** The exec's FIFOs. */
  execStdio: Partial<Fifos> = {};
  /** Called with each bundle that was made for the victim. */
  furnish: (bundle: string) => void = () => {};
  /** Mounts of the trial, which are no leftovers. */
  readonly ownMounts: string[] = [];
  readonly #tried = new Set<Step>();
  #descriptors: readonly string[] = [];
  #pid = 0;

  private constructor(daemon: DaemonPart) {
    this.daemon = daemon;
    this.caller = daemon.pod.client;
    this.bundles = daemon.pod.sandbox.directory;
  }

  /**
   * @param opened is given how to end it all, before anything runs
   * @param prepare makes the ground for the fault, before there is a container
   */
  static async begin(
    opened: (close: () => Promise<void>) => void,
    prepare: (life: Life) => void | Promise<void>,
  ): Promise<Life> {
    const daemon = await DaemonPart.begin(opened);
    const life = new Life(daemon);
    await prepare(life);
    const plan = life.#bystander;
    daemon.makeBundle(plan);
    await daemon.create(plan, life.pod.client);
    await life.pod.client.start(BYSTANDER);
    // What is opened once and kept is open after this.
    await life.checkBystander();
    life.#descriptors = life.#descriptorKinds();
    return life;
  }

  get pod() {
    return this.daemon.pod;
  }

  get shimRuns(): boolean {
    return isRunning(this.pod.pid);
  }

  get bundle(): string {
    return join(this.bundles, this.victim);
  }

  /** Makes what a step needs that is the daemon's own doing, which the fault must not hit. */
  prepare(step: Step): void {
    if (step !== 'create' || existsSync(this.bundle)) return;
    this.daemon.makeBundle(this.#plan);
    this.furnish(this.bundle);
  }

  /** Makes the calls of one step; once more, if it was tried before. Rejects as the first call that fails. */
  async do(step: Step): Promise<void> {
    this.prepare(step);
    const tolerant = this.#tried.has(step) ? ignoreNotFound : rethrow;
    this.#tried.add(step);
    const { caller, victim } = this;
    switch (step) {
      case 'create':
        this.#pid = await this.daemon.create(this.#plan, caller);
        return;
      case 'start':
        assert.equal((await caller.start(victim)).pid, this.#pid);
        return this.#happens('victim');
      case 'exec':
        await this.#addExec();
        await caller.start(victim, 'e');
        return this.#happens('exec');
      case 'kill': {
        await caller.kill(victim, TERM).catch(tolerant);
        const end = await within(ANSWER_MILLISECONDS, 'Wait', caller.wait(victim));
        assert.equal(end.exitStatus, TRUE_STATUS);
        return;
      }
      case 'delete': {
        await caller.delete(victim, 'e').catch(tolerant);
        const end = await caller.delete(victim).catch(tolerant);
        if (end !== undefined) assert.equal(end.exitStatus, TRUE_STATUS);
        return;
      }
      case 'shutdown':
        return this.#shutDown();
    }
  }

  /** Whether a step whose answer was lost has taken effect. Kill and Delete may simply be called again. */
  async tookEffect(step: Step): Promise<boolean> {
    await this.#calm();
    const { client } = this.pod;
    if (step === 'exec') {
      const exec = await client.state(this.victim, 'e').catch(ignoreNotFound);
      return exec?.status === RUNNING;
    }
    const state = await client.state(this.victim).catch(ignoreNotFound);
    if (step === 'create' && state !== undefined) this.#pid = state.pid;
    if (step === 'create') return state !== undefined;
    return step === 'start' && state?.status === RUNNING;
  }

  /** Checks that a step which did not take effect has left nothing, after what the daemon does before it tries again. */
  async checkUndone(step: Step): Promise<void> {
    await this.#calm();
    if (step === 'create') {
      await this.daemon.removeBundle(this.victim, this.bundle);
      assert.deepEqual(await leftoversOf(this.#groundOfVictim()), []);
    } else if (step === 'start') {
      assert.ok(!this.#happened('victim'), 'Start failed, and the container runs');
    } else if (step === 'exec') {
      const { processes } = await this.pod.client.pids(this.victim);
      // The shell and its sleep.
      assert.equal(processes.length, 2, 'Start of the exec failed, and it runs');
      rmSync(join(this.daemon.facts, 'exec'), { force: true });
    }
  }

  /** The container beside the victim lives, and can be asked to do something. */
  async checkBystander(): Promise<void> {
    assert.equal((await this.pod.client.state(BYSTANDER)).status, RUNNING, 'the bystander');
    assert.equal(await this.pod.outputOfExec(BYSTANDER, ['echo', 'well']), 'well\n');
  }

  /** The shim has no more open than before the victim came. What was on its way out then may be gone. */
  async checkDescriptors(): Promise<void> {
    const more = (): string[] => without(this.#descriptorKinds(), this.#descriptors);
    await waitUntil('no descriptor is left', () => more().length === 0, 10_000).catch(() => {
      assert.deepEqual(more(), [], 'descriptors that are left open');
    });
  }

  /**
   * The end of it all: the daemon cleans up, then nothing is left and every event is true.
   * @param whole the shim lived to its end, so that no event may be missing
   */
  async end(whole: boolean): Promise<void> {
    const { daemon, pod, victim } = this;
    await this.#checkDeleteAnswer();
    await daemon.removeBundle(victim, this.bundle);
    await daemon.removeBundle(BYSTANDER, this.#bystander.bundle);
    await daemon.removeBundle('pod', pod.firstBundle);
    assert.deepEqual(await leftoversOf(this.#ground()), []);
    if (whole) {
      await pod.events.deleteOf(victim);
      assert.deepEqual(pod.events.story(victim), WHOLE_LIFE);
    }
    await this.#checkEvents();
  }

  /** What `delete` answers of a shim that was killed does not contradict what was told before. */
  async #checkDeleteAnswer(): Promise<void> {
    if (!existsSync(join(this.bundle, 'init.pid'))) return;
    const { exitStatus, pid } = await this.daemon.runDelete(this.victim, this.bundle);
    if (this.#pid !== 0) assert.equal(pid, this.#pid);
    const told = this.pod.events.story(this.victim).includes('exit');
    if (told) assert.equal(exitStatus, TRUE_STATUS, '`delete` contradicts TaskExit');
    else assert.ok([KILLED, TRUE_STATUS].includes(exitStatus), `status ${exitStatus}`);
  }

  async #checkEvents(): Promise<void> {
    const { events } = this.pod;
    const story = events.story(this.victim);
    checkTrue(story, this.#tried);
    if (!story.includes('exit')) return;
    const { exitStatus, pid } = await events.exitOf(this.victim);
    assert.equal(exitStatus, TRUE_STATUS);
    assert.equal(pid, this.#pid);
  }

  get #plan(): Plan {
    const { victim: id, bundle, direct, terminal, request } = this;
    return { id, args: ['sh', '-c', VICTIM_SCRIPT], bundle, direct, terminal, request };
  }

  get #bystander(): Plan {
    const bundle = join(this.pod.sandbox.directory, BYSTANDER);
    return { id: BYSTANDER, args: ['sleep', '1000'], bundle, direct: this.direct };
  }

  /** The exec that an earlier try has added is still there. */
  async #addExec(): Promise<void> {
    const { caller, victim } = this;
    const added = await this.pod.client.state(victim, 'e').catch(ignoreNotFound);
    if (added !== undefined) return;
    const args = ['sh', '-c', EXEC_SCRIPT];
    const { execStdio, terminal } = this;
    await caller.exec({ id: victim, execId: 'e', args, terminal, ...execStdio });
  }

  /** Nobody is sure to hear the answer of Shutdown. */
  async #shutDown(): Promise<void> {
    const { client, pid } = this.pod;
    await client.kill(BYSTANDER, KILL).catch(ignoreNotFound);
    const over = await client.wait(BYSTANDER).catch(ignoreNotFound);
    if (over !== undefined) await client.delete(BYSTANDER);
    await client.shutdown(this.victim).catch(() => {});
    await waitForEnd(pid, ANSWER_MILLISECONDS);
  }

  async #happens(fact: string): Promise<void> {
    await waitUntil(`${fact} runs`, () => this.#happened(fact));
  }

  #happened(fact: string): boolean {
    const path = join(this.daemon.facts, fact);
    return existsSync(path) && readFileSync(path, 'utf8') !== '';
  }

  /** The server has answered what came before, and no runtime is under way any more; not even one that undoes something. */
  async #calm(): Promise<void> {
    const { client, pid } = this.pod;
    await within(ANSWER_MILLISECONDS, 'Connect', client.connectTask(this.victim));
    await waitUntil('no runtime is under way', () =>
      listProcesses().every(({ parent, argv, state }) => {
        // One that is about to end has given up its command line already.
        return parent !== pid || (state !== 'Z' && argv.length > 0 && !isRuntime(argv));
      }),
    );
    await within(ANSWER_MILLISECONDS, 'Connect', client.connectTask(this.victim));
  }

  #descriptorKinds(): readonly string[] {
    return this.pod
      .descriptors()
      .map((path) => path.replace(/\d+/g, 'N'))
      .sort();
  }

  #ground(): Ground {
    const { sandbox, cgroup, socket, runcRoot } = this.pod;
    return {
      mark: basename(sandbox.directory),
      directory: sandbox.directory,
      ownMounts: this.ownMounts,
      ownProcesses: [],
      gone: [socket],
      empty: [join(runcRoot, sandbox.namespace), this.daemon.temporary],
      cgroups: () => cgroupsBelow(cgroup),
    };
  }

  /** What is the victim's alone, while shim and bystander live. */
  #groundOfVictim(): Ground {
    const { sandbox, cgroup, runcRoot } = this.pod;
    return {
      ...this.#ground(),
      mark: `/${cgroup}/${this.victim}`,
      directory: this.bundle,
      gone: [this.bundle, join(runcRoot, sandbox.namespace, this.victim)],
      empty: [],
      cgroups: () => cgroupsBelow(cgroup).filter((path) => path.endsWith(`/${this.victim}`)),
    };
  }
}

/** What is in a list more often than in another. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const rest = [...other];
  return list.filter((item) => {
    const place = rest.indexOf(item);
    if (place >= 0) rest.splice(place, 1);
    return place < 0;
  });
}

/** `runc init` is a container that was created and not started. */
function isRuntime(argv: readonly string[]): boolean {
  return argv.some((word) => word.endsWith('runc')) && argv[1] !== 'init';
}

function ignoreNotFound(error: unknown): undefined {
  if ((error as { code?: unknown }).code === 5) return undefined;
  throw error;
}

function rethrow(error: unknown): never {
  throw error;
}
