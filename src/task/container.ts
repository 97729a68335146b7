import type { Cgroup } from '../cgroup/cgroup.ts';
import type { OomWatch } from '../cgroup/oom.ts';
import { exitJournalPath, instantOf, writeExitRecord } from '../events/exitJournal.ts';
import { unmountRecursive } from '../mount/unmount.ts';
import type { Bundle } from '../oci/bundle.ts';
import type { DirectPath } from '../oci/direct/directPath.ts';
import type { RuntimeOptions } from '../oci/options.ts';
import { processSpec } from '../oci/processSpec.ts';
import { reasonOf } from '../platform/reason.ts';
import type { Exit } from '../reaper/exit.ts';
import type { StdioPaths } from '../stdio/processStdio.ts';
import { alreadyExists, Code, notFound, StatusError } from '../ttrpc/status.ts';
import type { ContainerRuntime, TaskContext } from './context.ts';
import { ExecProcess } from './execProcess.ts';
import { ContainerExits } from './exits.ts';
import { checkIdentifier } from './identifiers.ts';
import type { InitProcess } from './initProcess.ts';
import { killLeftovers } from './killLeftovers.ts';
import type { TaskProcess } from './process.ts';
import { checkInitAllows } from './states.ts';

export interface ContainerParts {
  readonly id: string;
  readonly bundle: Bundle;
  readonly options: RuntimeOptions;
  readonly runtime: ContainerRuntime;
  /** Where the shim mounted the rootfs; undefined when the daemon did that itself (contract 5.3 step 3). */
  readonly rootfs: string | undefined;
  /** The kernel ends everything in the container when its init dies. */
  readonly ownPidNamespace: boolean;
}

/** One container: its init, its exec processes and what the shim holds for them. */
export class Container {
  readonly id: string;
  readonly bundle: Bundle;
  readonly options: RuntimeOptions;
  readonly runtime: ContainerRuntime;
  readonly context: TaskContext;
  readonly exits: ContainerExits;
  readonly ownPidNamespace: boolean;
  readonly execs = new Map<string, ExecProcess>();
  cgroup: Cgroup | undefined;
  oom: OomWatch | undefined;
  /** Does for the runtime what needs no process; undefined where that is switched off or cannot be. */
  direct: DirectPath | undefined;
  readonly #rootfs: string | undefined;
  #init: InitProcess | undefined;

  constructor(context: TaskContext, parts: ContainerParts) {
    this.context = context;
    this.id = parts.id;
    this.bundle = parts.bundle;
    this.options = parts.options;
    this.runtime = parts.runtime;
    this.ownPidNamespace = parts.ownPidNamespace;
    this.#rootfs = parts.rootfs;
    this.exits = new ContainerExits({
      died: () => killLeftovers(this),
      report: (exit) => this.#reportInitExit(exit),
    });
  }

  get init(): InitProcess {
    if (this.#init === undefined)
      throw new StatusError(Code.Internal, `container ${this.id} has no init`);
    return this.#init;
  }

  /** Given once, when the runtime has created it. */
  set init(init: InitProcess) {
    this.#init = init;
  }

  /**
   * The process an RPC means (contract 5.2).
   * @throws StatusError NotFound
   */
  process(execId: string): TaskProcess {
    return execId === '' ? this.init : this.exec(execId);
  }

  /** @throws StatusError NotFound */
  exec(execId: string): ExecProcess {
    const exec = this.execs.get(execId);
    if (exec === undefined) throw notFound(`process does not exist ${execId}`);
    return exec;
  }

  /**
   * Adds an exec process; nothing is spawned yet (contract 5.6).
   * @param spec the OCI Process as JSON text
   * @throws StatusError AlreadyExists, or what the container's state forbids; Error when the spec is no JSON object
   */
  addExec(execId: string, spec: string, paths: StdioPaths): void {
    checkIdentifier('exec', execId);
    if (this.execs.has(execId)) throw alreadyExists(`id ${execId}`);
    checkInitAllows('exec', this.init.state);
    const process = processSpec(spec, paths.terminal);
    this.execs.set(execId, new ExecProcess(this, execId, process, paths));
    this.context.events.execAdded(this.id, execId);
  }

  /** @throws StatusError NotFound, or what the exec's state forbids */
  async deleteExec(execId: string): Promise<void> {
    await this.exec(execId).delete();
    this.execs.delete(execId);
  }

  /**
   * Writes the init's exit into the bundle, for `delete` to find. Called before TaskExit is published, and again when the
   * container is deleted: then `delete` knows that nothing is left to be done.
   */
  journalExit(deleted: boolean): void {
    const { exit, pid } = this.init;
    if (exit === undefined) return;
    const record = { pid, status: exit.status, exitedAt: instantOf(exit.at), deleted };
    try {
      writeExitRecord(exitJournalPath(this.bundle.path), record);
    } catch (error) {
      this.context.logger.error({ id: this.id, error }, 'exit not journalled');
    }
  }

  /** Lets go of everything that is held outside of the processes themselves. */
  release(): void {
    this.oom?.close();
    this.oom = undefined;
  }

  /** @throws Error `failed rootfs umount: …` */
  async unmountRootfs(): Promise<void> {
    if (this.#rootfs === undefined) return;
    try {
      await unmountRecursive(this.#rootfs, this.context.helpers);
    } catch (error) {
      throw new StatusError(Code.Unknown, `failed rootfs umount: ${reasonOf(error)}`);
    }
  }

  #reportInitExit(exit: Exit): void {
    // The last read of the OOM count comes before TaskExit: docker decides on OOMKilled by that order (contract 10).
    this.oom?.readLast();
    this.release();
    this.init.exited(exit);
    this.journalExit(false);
    this.context.events.exit(this.id, this.id, this.init.pid, exit);
    this.init.waiters.releaseAll();
  }
}
