import { type Cancellation, eitherOf } from '../platform/cancellation.ts';
import type { Exit } from '../reaper/exit.ts';
import { openStdio } from '../stdio/openStdio.ts';
import type { StdioPaths } from '../stdio/processStdio.ts';
import { failedPrecondition } from '../ttrpc/status.ts';
import type { Container } from './container.ts';
import { killProcess } from './kill.ts';
import { drainBudgetMilliseconds } from './limits.ts';
import { pidFileTime } from './pidFile.ts';
import { TaskProcess } from './process.ts';
import { Serial } from './serial.ts';
import { checkExecAllows, type ExecState } from './states.ts';
import { streamsError } from './streamsError.ts';

/** A further process in a container's namespaces. Exec makes it, Start runs it. */
export class ExecProcess extends TaskProcess {
  readonly #container: Container;
  /** The OCI Process to run, as JSON text. */
  readonly #spec: string;
  readonly #serial = new Serial();
  #state: ExecState = 'created';

  constructor(container: Container, id: string, spec: string, paths: StdioPaths) {
    super(id, paths);
    this.#container = container;
    this.#spec = spec;
  }

  get state(): ExecState {
    return this.#state;
  }

  /**
   * Runs the process. When it fails, the process stays created, and whoever waits is let go (contract 5.4).
   * @returns its pid
   */
  start(call: Cancellation): Promise<number> {
    return this.#serial.run(async () => {
      checkExecAllows('start', this.#state);
      const { bundle, context, exits } = this.#container;
      const release = exits.holdForExec(this.#container.id);
      const collector = context.exits.collect();
      try {
        const pid = await this.#run(eitherOf(call, exits.lateStarts));
        this.#state = 'running';
        context.events.execStarted(this.#container.id, this.id, pid);
        const since = (): number => pidFileTime(bundle.execPidFile(this.id));
        context.exits.claim(pid, since, collector, (exit) => {
          this.#exited(exit);
          release();
        });
        exits.execStarted();
        return pid;
      } catch (error) {
        this.waiters.releaseAll();
        release();
        throw error;
      } finally {
        collector.close();
      }
    });
  }

  /** @throws StatusError NotFound when it is over, FailedPrecondition when it was never started (contract 5.7) */
  kill(signal: number): void {
    checkExecAllows('kill', this.#state);
    if (this.#state === 'created') throw failedPrecondition('process not created');
    killProcess(this.pid, signal);
  }

  override resize(columns: number, rows: number): void {
    checkExecAllows('resize', this.#state);
    super.resize(columns, rows);
  }

  /** Waits for its output within the drain budget and lets go of everything it held. */
  delete(): Promise<void> {
    return this.#serial.run(async () => {
      checkExecAllows('delete', this.#state);
      this.stdio?.expectNoReader();
      await this.stdio?.drained(drainBudgetMilliseconds);
      await this.closeStdio();
      this.#container.bundle.removeExecPidFile(this.id);
      this.#state = 'deleted';
    });
  }

  async #run(call: Cancellation): Promise<number> {
    const { bundle, context, options, runtime, id } = this.#container;
    // Opening the streams of hundreds at once holds everybody else up as well.
    const turn = context.reaper.turns.take();
    if (turn !== undefined) await turn;
    const stdio = await openStdio({
      paths: this.paths,
      ioUid: options.ioUid,
      ioGid: options.ioGid,
      containerId: this.id,
      namespace: context.namespace,
      cancel: call,
      reaper: context.reaper,
      logger: context.logger,
    }).catch((error: unknown) => {
      throw streamsError('exec process', error);
    });
    try {
      const request = { ...stdio.forRuntime, execId: this.id, process: this.#spec };
      await runtime.exec(id, request, call);
      this.pid = bundle.readExecPid(this.id);
      await stdio.attach();
    } catch (error) {
      stdio.close();
      throw error;
    }
    this.stdio = stdio;
    return this.pid;
  }

  #exited(exit: Exit): void {
    this.#state = 'stopped';
    this.recordExit({ status: exit.status, at: exit.at });
    this.#container.context.events.exit(this.#container.id, this.id, this.pid, exit);
    this.waiters.releaseAll();
  }
}
