import { type Cancellation, CancellationSource } from '../platform/cancellation.ts';
import { processExists } from '../posix/processes.ts';
import type { Exit } from '../reaper/exit.ts';
import { failedPrecondition } from '../ttrpc/status.ts';
import { lateStartMilliseconds } from './limits.ts';

/*
 * The order of a container's events. Clients rely on these five rules (contract 5.12); every start, exit and delete
 * goes through this file, and test/unit/task/exits.test.ts interleaves them at random.
 *
 *   I1  A process's start event precedes its TaskExit.
 *   I2  The init's TaskExit follows the TaskExit of every exec that published TaskExecStarted.
 *   I3  Every process that published a start event publishes exactly one TaskExit.
 *   I4  After the init's exit was seen, no new exec starts.
 *   I5  TaskExit precedes TaskDelete, and TaskDelete is last.
 *
 * A start is asynchronous (the OCI runtime does it) while exits come whenever they like. So whoever starts something
 * first opens a collector, which keeps every exit from then on; when the pid is known, `claim` looks there before it
 * registers the pid. JavaScript runs to completion, hence nothing can come between those two steps.
 */

/** Keeps the exits seen while one create, start or exec is in flight. */
export class ExitCollector {
  readonly #exits: Exit[] = [];
  readonly #leave: (collector: ExitCollector) => void;

  constructor(leave: (collector: ExitCollector) => void) {
    this.#leave = leave;
  }

  add(exit: Exit): void {
    this.#exits.push(exit);
  }

  /**
   * The exit of the process whose pid file was written at `since()`, if it came already. The first one from then on is
   * its own. One before can be as well: the runtime writes the file when the process runs already, and a short one is
   * over by then. Unless somebody holds the number now: that is the process, and what exited was a stranger who held
   * it before. `since` and `isHeld` are asked only when there is something to tell apart.
   */
  find(pid: number, since: () => number, isHeld: (pid: number) => boolean): Exit | undefined {
    const exits = this.#exits.filter((exit) => exit.pid === pid);
    if (exits.length === 0) return undefined;
    const from = since();
    const later = exits.find((exit) => exit.at >= from);
    if (later !== undefined) return later;
    return isHeld(pid) ? undefined : exits.at(-1);
  }

  close(): void {
    this.#leave(this);
  }
}

/** Brings each exit to the process that holds the pid. One per server. */
export class ExitTracker {
  readonly #running = new Map<number, (exit: Exit) => void>();
  readonly #collectors = new Set<ExitCollector>();
  readonly #isHeld: (pid: number) => boolean;

  /** @param isHeld tells whether a process, be it dead but not reaped, has this pid now */
  constructor(isHeld: (pid: number) => boolean = processExists) {
    this.#isHeld = isHeld;
  }

  /** Processes whose exit is awaited. */
  get runningPids(): readonly number[] {
    return [...this.#running.keys()];
  }

  /** Is this the pid of a process whose exit is awaited? */
  isAwaited(pid: number): boolean {
    return this.#running.has(pid);
  }

  get collectorCount(): number {
    return this.#collectors.size;
  }

  /** One exit from the reaper. Those of the shim's own commands are nobody's task. */
  deliver(exit: Exit): void {
    if (exit.ofCommand) return;
    for (const collector of this.#collectors) collector.add(exit);
    const owner = this.#running.get(exit.pid);
    if (owner === undefined) return;
    this.#running.delete(exit.pid);
    owner(exit);
  }

  /** Opens a collector; close it when the start is over, however it ended. */
  collect(): ExitCollector {
    const collector = new ExitCollector((left) => this.#collectors.delete(left));
    this.#collectors.add(collector);
    return collector;
  }

  /**
   * Gives a pid to its process. `owner` is called exactly once: now if the exit came already, else when it comes.
   * @param since when its pid file was written, in milliseconds since the epoch
   */
  claim(
    pid: number,
    since: () => number,
    collector: ExitCollector,
    owner: (exit: Exit) => void,
  ): void {
    const early = collector.find(pid, since, this.#isHeld);
    if (early !== undefined) owner(early);
    else this.#running.set(pid, owner);
  }
}

/** What a container does at its init's end. */
export interface InitExitHandler {
  /**
   * The init was seen to be dead: end what it leaves behind. Its TaskExit waits for the returned promise. Called again
   * for an exec that started all the same.
   */
  died(exit: Exit): Promise<void> | undefined;
  /** Record the exit, release the waiters, publish TaskExit. */
  report(exit: Exit): void;
}

/** Decides when a container's init exit may be reported (I1, I2) and whether an exec may start (I4). */
export class ContainerExits {
  readonly #handler: InitExitHandler;
  #initExit: Exit | undefined;
  #reported = false;
  /** Reasons to hold the init's exit back: its own start in flight, execs alive or starting, its clean-up. */
  #holds = 0;
  readonly #lateStarts = new CancellationSource();
  #lateStartsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(handler: InitExitHandler) {
    this.#handler = handler;
  }

  /** The init's exit, from the moment it was seen, though perhaps not reported yet. */
  get initExit(): Exit | undefined {
    return this.#initExit;
  }

  /** Execs and starts that hold the init's exit back. */
  get holds(): number {
    return this.#holds;
  }

  /** The init died. Its TaskExit goes out as soon as nothing holds it back. */
  initExited(exit: Exit): void {
    if (this.#initExit !== undefined) return;
    this.#initExit = exit;
    this.#cleanUp(exit);
    this.#reportWhenDue();
    if (this.#reported) return;
    this.#lateStartsTimer = setTimeout(() => {
      this.#lateStarts.cancel(new Error('the init process is not running'));
    }, lateStartMilliseconds);
  }

  /**
   * Calls off the starts that are still in flight some time after the init's death: a runtime that hangs in one must not
   * hold the init's exit back for ever (containerd#10603).
   */
  get lateStarts(): Cancellation {
    return this.#lateStarts;
  }

  /**
   * An exec runs. If the init died while the runtime was at it, the exec came too late for the clean-up, and would
   * hold the init's exit back for as long as it lives: so there is another clean-up.
   */
  execStarted(): void {
    if (this.#initExit !== undefined) this.#cleanUp(this.#initExit);
  }

  /** The init is being started: an exit from now on waits for TaskStart. @returns call it when that is published. */
  holdForInitStart(): () => void {
    return this.#hold();
  }

  /**
   * An exec is about to start. @returns call it once the exec's TaskExit is published, or its start failed.
   * @throws StatusError FailedPrecondition when the init's exit was seen (containerd#10589)
   */
  holdForExec(containerId: string): () => void {
    if (this.#initExit !== undefined) {
      throw failedPrecondition(`container ${containerId} init process is not running`);
    }
    return this.#hold();
  }

  #cleanUp(exit: Exit): void {
    const cleanUp = this.#handler.died(exit);
    if (cleanUp === undefined) return;
    const release = this.#hold();
    cleanUp.then(release, release);
  }

  #hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#reportWhenDue();
    };
  }

  #reportWhenDue(): void {
    if (this.#initExit === undefined || this.#reported || this.#holds > 0) return;
    this.#reported = true;
    clearTimeout(this.#lateStartsTimer);
    this.#handler.report(this.#initExit);
  }
}
