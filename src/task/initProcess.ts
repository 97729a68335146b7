import type { CheckpointRequest } from '../oci/runtime.ts';
import {
  type Cancellation,
  CancellationSource,
  eitherOf,
  neverCancelled,
} from '../platform/cancellation.ts';
import { endsWithin } from '../platform/timeLimit.ts';
import type { Exit } from '../reaper/exit.ts';
import type { ProcessStdio, StdioPaths } from '../stdio/processStdio.ts';
import type { Container } from './container.ts';
import {
  drainBudgetMilliseconds,
  exitAfterDeleteMilliseconds,
  killAnswerMilliseconds,
  lateCallMilliseconds,
  lostDeleteMilliseconds,
} from './limits.ts';
import { outlivingCaller } from './lostCaller.ts';
import { TaskProcess } from './process.ts';
import { becomesAnother, programOf } from './program.ts';
import type { Restore } from './restore.ts';
import { Serial } from './serial.ts';
import { checkInitAllows, type InitState } from './states.ts';

/** A container's first process; its life is the container's life. */
export class InitProcess extends TaskProcess {
  readonly #container: Container;
  readonly #serial = new Serial();
  /** How it is started, when it is to come out of a checkpoint. */
  readonly #restore: Restore | undefined;
  readonly #kills = new Set<Promise<void>>();
  /** Calls off what the runtime still does for the container when it is to be deleted. */
  readonly #late = new CancellationSource();
  #state: InitState;
  #pausing = false;

  private constructor(
    container: Container,
    paths: StdioPaths,
    stdio: ProcessStdio,
    restore: Restore | undefined,
  ) {
    super(container.id, paths);
    this.#container = container;
    this.#restore = restore;
    this.#state = restore === undefined ? 'created' : 'createdCheckpoint';
    this.stdio = stdio;
  }

  /** Of a process that the runtime has just created, with its streams attached. */
  static created(
    container: Container,
    pid: number,
    paths: StdioPaths,
    stdio: ProcessStdio,
  ): InitProcess {
    const init = new InitProcess(container, paths, stdio, undefined);
    init.pid = pid;
    return init;
  }

  /** Of a process that does not exist before it is started; its streams wait until then. */
  static fromCheckpoint(
    container: Container,
    restore: Restore,
    paths: StdioPaths,
    stdio: ProcessStdio,
  ): InitProcess {
    return new InitProcess(container, paths, stdio, restore);
  }

  get state(): InitState {
    return this.#state;
  }

  /** The freezer is at work: State says PAUSING (contract 5.8). */
  get pausing(): boolean {
    return this.#pausing;
  }

  /**
   * Runs the created process, or restores it.
   * @returns its pid
   */
  start(call: Cancellation): Promise<number> {
    return this.#serial.run(async () => {
      checkInitAllows('start', this.#state);
      if (this.#state === 'createdCheckpoint') await this.#startRestored(call);
      else await this.#startCreated(call);
      return this.pid;
    });
  }

  /** Signals the init, or with `all` every process of the container. */
  async kill(signal: number, all: boolean): Promise<void> {
    checkInitAllows('kill', this.#state);
    const { direct, runtime } = this.#container;
    const plain = !all && (this.#state === 'created' || this.#state === 'running');
    if (plain && !this.#pausing && direct?.kill(signal)) return;
    const kill = runtime.kill(this.id, signal, all);
    this.#kills.add(kill);
    try {
      await kill;
    } finally {
      this.#kills.delete(kill);
    }
  }

  pause(call: Cancellation): Promise<void> {
    return this.#serial.run(async () => {
      checkInitAllows('pause', this.#state);
      this.#pausing = true;
      try {
        await this.#container.runtime.pause(this.id, this.#untilDeletion(call));
      } finally {
        this.#pausing = false;
      }
      if (this.#state === 'running') this.#state = 'paused';
      this.#container.context.events.paused(this.id);
    });
  }

  resume(call: Cancellation): Promise<void> {
    return this.#serial.run(async () => {
      checkInitAllows('resume', this.#state);
      await this.#container.runtime.resume(this.id, this.#untilDeletion(call));
      if (this.#state === 'paused') this.#state = 'running';
      this.#container.context.events.resumed(this.id);
    });
  }

  /** @param resources the OCI LinuxResources as JSON text */
  update(resources: string, call: Cancellation): Promise<void> {
    return this.#serial.run(async () => {
      checkInitAllows('update', this.#state);
      await this.#container.runtime.update(this.id, resources, this.#untilDeletion(call));
    });
  }

  /** Writes an image of the container; without `exit` it goes on as it was, paused or not (contract 5.8). */
  checkpoint(request: CheckpointRequest, call: Cancellation): Promise<void> {
    return this.#serial.run(async () => {
      checkInitAllows('checkpoint', this.#state);
      this.#container.direct?.giveUp('checkpointed');
      await this.#container.runtime.checkpoint(this.id, request, this.#untilDeletion(call));
    });
  }

  /**
   * Removes the container from the runtime, then its streams and its rootfs mount (contract 5.5). On an error the
   * state stays, so that the caller may try again.
   *
   * A caller who has gone does not stop it, unless the runtime hangs: half a deletion is of use to nobody
   * (containerd#13377). But he will ask again, and so the state stays then, too.
   *
   * A kill that is under way is answered first. The daemon learns of the death from the event, deletes, and closes the
   * connection when that is answered: the one who kills would get `ttrpc: closed`, and CRI's StopContainer fail.
   */
  delete(call: Cancellation): Promise<void> {
    const limit = this.#limitLateCalls();
    return this.#serial.run(async () => {
      clearTimeout(limit);
      checkInitAllows('delete', this.#state);
      await this.#killsAnswered();
      // The streams of a process that never ran end when it is deleted, and not before (gvisor#14427).
      if (this.exit !== undefined) {
        this.stdio?.expectNoReader();
        await this.stdio?.drained(drainBudgetMilliseconds);
      }
      let failure: unknown;
      try {
        const { direct, runtime } = this.#container;
        const done = this.exit !== undefined && direct?.delete();
        if (!done) {
          const patience = outlivingCaller(call, lostDeleteMilliseconds);
          await runtime.delete(this.id, this.#isHalfRestored, patience);
        }
      } catch (error) {
        failure = error;
      }
      if (this.pid !== 0) await this.#exitAfterDelete();
      await this.closeStdio();
      try {
        await this.#container.unmountRootfs();
      } catch (error) {
        failure ??= error;
      }
      await this.#killsAnswered();
      if (failure !== undefined) throw failure;
      // The loss of the connection and the end of the runtime may have come at once, in any order: what the event loop has
      // not told yet the kernel knows. Where it cannot be asked, two turns tell.
      await nextTurn();
      await nextTurn();
      if (!call.cancelled && call.hasGone?.() !== true) this.#state = 'deleted';
      // Of a checkpoint that nobody restored there is no exit to come.
      if (this.pid === 0) this.waiters.releaseAll();
    });
  }

  /**
   * Records the end. Called by the container when the exit may be reported (contract 5.12).
   * A paused container is thawed first: frozen processes would make `delete` hang (trap 29).
   */
  exited(exit: Exit): void {
    const wasPaused = this.#state === 'paused';
    this.#state = 'stopped';
    if (wasPaused) this.#thaw();
    this.recordExit({ status: exit.status, at: exit.at });
  }

  /** A restore has failed: there may be processes nobody knows of. */
  get #isHalfRestored(): boolean {
    return this.pid === 0 && this.#restore?.attempted === true;
  }

  /** The exit of the created process, should it come before TaskStart is published, waits for that (I1). */
  async #startCreated(caller: Cancellation): Promise<void> {
    const release = this.#container.exits.holdForInitStart();
    try {
      const { direct, exits } = this.#container;
      const call = eitherOf(caller, exits.lateStarts);
      if (!(await direct?.start(call))) await this.#startByRuntime(call);
      this.#started(this.pid);
    } finally {
      release();
    }
  }

  /** A runtime that fails after it has let the program run has started it: answer and events say what is. */
  async #startByRuntime(call: Cancellation): Promise<void> {
    const program = programOf(this.pid);
    try {
      await this.#container.runtime.start(this.id, call);
    } catch (error) {
      if (!(await becomesAnother(this.pid, program))) throw error;
    }
  }

  async #startRestored(call: Cancellation): Promise<void> {
    if (this.#restore === undefined || this.stdio === undefined) return;
    await this.#restore.run(this.stdio, call, (pid) => this.#started(pid));
  }

  #started(pid: number): void {
    this.pid = pid;
    this.#state = 'running';
    this.#container.context.events.start(this.id, pid);
  }

  #untilDeletion(call: Cancellation): Cancellation {
    return eitherOf(call, this.#late);
  }

  /** A runtime that hangs in a pause or the like must not make the deletion of a dead container hang as well. */
  #limitLateCalls(): ReturnType<typeof setTimeout> | undefined {
    if (this.#state !== 'stopped') return undefined;
    return setTimeout(() => {
      this.#late.cancel(new Error('the container is being deleted'));
    }, lateCallMilliseconds);
  }

  /** A runtime that hangs in a kill must not make the deletion hang as well. */
  async #killsAnswered(): Promise<void> {
    if (this.#kills.size === 0) return;
    const answered = await endsWithin(Promise.allSettled(this.#kills), killAnswerMilliseconds);
    if (!answered) this.#kills.clear();
  }

  /**
   * Deleting a container that never ran kills its init. The runtime returns when the process is gone, so its exit is
   * on the way: it is waited for, to answer with the true status and to keep TaskExit before TaskDelete (I5).
   */
  async #exitAfterDelete(): Promise<void> {
    if (this.exit !== undefined) return;
    const exited = this.waiters.wait(neverCancelled);
    if (exited === undefined) return;
    await endsWithin(exited, exitAfterDeleteMilliseconds);
  }

  #thaw(): void {
    void this.#serial.run(async () => {
      try {
        await this.#container.runtime.resume(this.id, this.#late);
      } catch (error) {
        this.#container.context.logger.error({ id: this.id, error }, 'resume after exit failed');
      }
    });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
