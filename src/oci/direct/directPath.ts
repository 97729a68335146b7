import type { Cancellation } from '../../platform/cancellation.ts';
import { reasonOf } from '../../platform/reason.ts';
import { SIGNALS } from '../../posix/constants.ts';
import { readText } from '../../posix/files.ts';
import { removeDirectory, removeTree } from '../../posix/paths.ts';
import { sendSignal } from '../../posix/processes.ts';
import type { Bundle } from '../bundle.ts';
import { readCrunState } from './crunState.ts';
import { type DirectContainer, demand, NotDirect } from './directContainer.ts';
import { readGoAhead, writeGoAhead } from './goAhead.ts';
import type { KnownRuntimes } from './knownRuntimes.ts';
import { readRuncState } from './runcState.ts';

export interface DirectPathSettings {
  readonly id: string;
  readonly bundle: Bundle;
  /** The runtime's root, namespace included. */
  readonly root: string;
  /** The runtime's binary, as it was given. */
  readonly binary: string;
  readonly runtimes: Pick<KnownRuntimes, 'kindOf'>;
  readonly pid: number;
  /**
   * The init's exit was collected. Until then its pid is no one else's, as it is our child; from then on it may be.
   */
  isReaped(): boolean;
}

/**
 * What `start`, `kill` and `delete` of a known runtime come to for a plain container, done without a process: open a
 * FIFO, send a signal, remove directories (docs/decisions.md). Whatever is not exactly that, and whatever goes wrong, is
 * left to the runtime, which then has the same things before it as if nobody had tried, and words for its errors.
 */
export class DirectPath {
  readonly #settings: DirectPathSettings;
  /** What was found out about the container; undefined before the first call. */
  #found: DirectContainer | NotDirect | undefined;

  constructor(settings: DirectPathSettings) {
    this.#settings = settings;
  }

  /** Starts the created init. @returns false when the runtime is to do it */
  async start(cancel?: Cancellation): Promise<boolean> {
    const container = this.#look();
    const { pid, isReaped } = this.#settings;
    if (container === undefined || isReaped() || isFrozen(container)) return false;
    const fifo = `${container.stateDirectory}/exec.fifo`;
    try {
      if (container.kind === 'runc') return await readGoAhead(fifo, pid, cancel);
      writeGoAhead(fifo);
      return true;
    } catch {
      return false;
    }
  }

  /** Signals the init of a container that is not paused. @returns false when the runtime is to do it */
  kill(signal: number): boolean {
    const container = this.#look();
    const { pid, isReaped } = this.#settings;
    if (container === undefined || isReaped()) return false;
    // A frozen process does not die before it is thawed, which runc does.
    if (signal === SIGNALS.SIGKILL && isFrozen(container)) return false;
    try {
      sendSignal(pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Removes what the runtime keeps of a container whose init is dead. @returns false when the runtime is to do it */
  delete(): boolean {
    const container = this.#look();
    if (container === undefined || !this.#settings.isReaped()) return false;
    try {
      for (const cgroup of container.cgroups) removeDirectory(cgroup);
      // Last, so that the runtime still finds it should a cgroup resist.
      removeTree(container.stateDirectory);
      return true;
    } catch {
      return false;
    }
  }

  /** From now on everything is the runtime's: it has done something that this path knows nothing of. */
  giveUp(reason: string): void {
    this.#found = new NotDirect(reason);
  }

  /** For dumps. */
  describe(): string {
    if (this.#found === undefined) return 'not tried yet';
    return this.#found instanceof NotDirect ? `no: ${this.#found.message}` : this.#found.kind;
  }

  #look(): DirectContainer | undefined {
    this.#found ??= this.#find();
    return this.#found instanceof NotDirect ? undefined : this.#found;
  }

  #find(): DirectContainer | NotDirect {
    const { binary, bundle, id, pid, root, runtimes } = this.#settings;
    const source = { id, pid, stateDirectory: `${root}/${id}` };
    try {
      const kind = runtimes.kindOf(binary);
      demand(kind !== undefined, 'not a runtime known by its version');
      return kind === 'runc' ? readRuncState(source) : readCrunState(source, bundle.readSpec());
    } catch (error) {
      return error instanceof NotDirect ? error : new NotDirect(reasonOf(error));
    }
  }
}

/** As runc asks before a start and a SIGKILL. Says yes where it cannot be told. */
function isFrozen({ freezer }: DirectContainer): boolean {
  if (freezer === undefined) return false;
  try {
    return readText(freezer.file).trim() !== freezer.thawed;
  } catch {
    return true;
  }
}
