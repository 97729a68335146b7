import type { Cancellation } from '../platform/cancellation.ts';
import { reasonOf } from '../platform/reason.ts';
import { SIGNALS } from '../posix/constants.ts';
import { closeFile, makeMemoryFile, rewind, writeAll } from '../posix/files.ts';
import { fileStatus, removeFile, removeTree } from '../posix/paths.ts';
import type { Bundle } from './bundle.ts';
import { keepDumpLog, workDirectory } from './checkpoint.ts';
import * as line from './runtimeCommand.ts';
import {
  CommandError,
  describeFailure,
  failurePrefixes,
  killError,
  RuntimeError,
  saysContainerIsGone,
} from './runtimeError.ts';
import { type LauncherSettings, RuntimeLauncher } from './runtimeLauncher.ts';
import { readLastError } from './runtimeLog.ts';
import {
  parseProcessList,
  processListBytes,
  type RuntimeVersion,
  runtimeFeatures,
  runtimeVersion,
} from './runtimeQueries.ts';

const defaultRoot = '/run/containerd/runc';

export interface RuntimeSettings extends LauncherSettings {
  /** Options' `root`; empty means `/run/containerd/runc`. */
  readonly root: string;
  /** Appended to the root, unless empty. */
  readonly namespace: string;
  readonly bundle: Bundle;
  readonly systemdCgroup: boolean;
  readonly criuPath: string;
}

/** What the container's process gets: three descriptors, or a terminal through a console socket. */
export type RuntimeStdio =
  | { readonly descriptors: readonly [number, number, number] }
  | { readonly consoleSocket: string };

export type CreateRequest = RuntimeStdio & {
  readonly noPivotRoot?: boolean;
  readonly noNewKeyring?: boolean;
};

export type ExecRequest = RuntimeStdio & {
  readonly execId: string;
  /** JSON of the OCI process, from `processSpec`. */
  readonly process: string;
};

export type RestoreRequest = RuntimeStdio & {
  readonly imagePath: string;
  /** CRIU's directory; empty means the bundle's `work`. */
  readonly workPath: string;
  readonly parentPath: string;
  readonly noPivotRoot?: boolean;
};

export type CheckpointRequest = line.CheckpointSettings;

/**
 * The OCI runtime of one container, as a command line (contract 8). All methods may be called concurrently: who may
 * do what when is the caller's to know. Failures are RuntimeErrors in the words of contract 8.2.
 */
export class OciRuntime {
  readonly bundle: Bundle;
  /** State directory, namespace included. */
  readonly root: string;
  readonly #launcher: RuntimeLauncher;
  readonly #globalArguments: readonly string[];

  constructor(settings: RuntimeSettings) {
    this.bundle = settings.bundle;
    const root = settings.root === '' ? defaultRoot : settings.root;
    this.root = joinDirectory(root, settings.namespace);
    this.#launcher = new RuntimeLauncher(settings);
    this.#globalArguments = line.globalArguments({
      root: this.root,
      log: this.bundle.log,
      criuPath: settings.criuPath,
      systemdCgroup: settings.systemdCgroup,
    });
  }

  /** The binary as it was given. */
  get binary(): string {
    return this.#launcher.binary;
  }

  /** Creates the container; its init's pid is in the bundle's `init.pid` afterwards. */
  async create(id: string, request: CreateRequest, cancel?: Cancellation): Promise<void> {
    const words = line.createArguments(id, {
      bundle: this.bundle.path,
      pidFile: this.bundle.initPidFile,
      consoleSocket: consoleSocketOf(request),
      noPivotRoot: request.noPivotRoot ?? false,
      noNewKeyring: request.noNewKeyring ?? false,
    });
    const isNew = !exists(this.#stateDirectory(id));
    try {
      await this.#runLogged(failurePrefixes.create, words, cancel, request);
    } catch (error) {
      // Where there was a container of this id before, nothing of it may be touched.
      if (isNew && wasKilled(error)) {
        const { undoCreate } = await import('./interrupted.ts');
        await undoCreate(this, id);
      }
      throw error;
    }
  }

  async start(id: string, cancel?: Cancellation): Promise<void> {
    await this.#runLogged(failurePrefixes.start, line.startArguments(id), cancel);
  }

  /** Starts one more process; its pid is in the bundle's `<execId>.pid` afterwards. */
  async exec(id: string, request: ExecRequest, cancel?: Cancellation): Promise<void> {
    const processFile = this.bundle.writeExecProcess(request.execId, request.process);
    try {
      const words = line.execArguments(id, {
        processFile,
        pidFile: this.bundle.execPidFile(request.execId),
        consoleSocket: consoleSocketOf(request),
      });
      await this.#runLogged(failurePrefixes.exec, words, cancel, request);
    } catch (error) {
      if (wasKilled(error)) {
        const { undoExec } = await import('./interrupted.ts');
        undoExec(this.bundle, request.execId);
      }
      // What is left of it would be in the way of the next try.
      this.bundle.removeExecPidFile(request.execId);
      throw error;
    } finally {
      removeFile(processFile);
    }
  }

  /**
   * Signals the init, or everybody.
   * @throws StatusError (NotFound) when the process has ended or the container is gone (contract 5.7).
   */
  async kill(id: string, signal: number, all: boolean, cancel?: Cancellation): Promise<void> {
    try {
      await this.#run(line.killArguments(id, signal, all), cancel);
    } catch (error) {
      throw error instanceof CommandError
        ? killError(error.message, this.#stateDirectory(id))
        : error;
    }
  }

  /** Ends everybody in a container whose init is dead (contract 5.12). */
  async killAll(id: string): Promise<void> {
    await this.#runLogged(
      failurePrefixes.killAll,
      line.killArguments(id, SIGNALS.SIGKILL, true),
      undefined,
    );
  }

  async pause(id: string, cancel?: Cancellation): Promise<void> {
    await this.#runLogged(failurePrefixes.pause, line.pauseArguments(id), cancel);
  }

  async resume(id: string, cancel?: Cancellation): Promise<void> {
    await this.#runLogged(failurePrefixes.resume, line.resumeArguments(id), cancel);
  }

  /** Deletes the runtime's state. A container that the runtime does not know (any more) counts as deleted. */
  async delete(id: string, force: boolean, cancel?: Cancellation): Promise<void> {
    const logLength = this.#logLength();
    try {
      await this.#run(line.deleteArguments(id, force), cancel);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (saysContainerIsGone(error.message, this.#stateDirectory(id))) return;
      throw this.#failure(failurePrefixes.delete, error, logLength);
    }
    this.#checkDeleted(id);
  }

  /** runc only logs it when it cannot remove its state, and the id would be taken for ever. */
  #checkDeleted(id: string): void {
    const directory = this.#stateDirectory(id);
    if (!exists(`${directory}/state.json`)) return;
    try {
      removeTree(directory);
    } catch (error) {
      throw new RuntimeError(`${failurePrefixes.delete}: ${reasonOf(error)}`);
    }
  }

  /**
   * Pids of all processes in the container, in the runtime's order.
   * @throws RuntimeError
   */
  async pids(id: string, cancel?: Cancellation): Promise<readonly number[]> {
    return this.#plain(async () => {
      return parseProcessList(
        await this.#run(line.listProcessesArguments(id), cancel, { keptBytes: processListBytes }),
      );
    });
  }

  /** @param resources JSON of the OCI resources, handed on as it is */
  async update(id: string, resources: string, cancel?: Cancellation): Promise<void> {
    const input = makeMemoryFile('runtime-input');
    try {
      writeAll(input, `${resources}\n`);
      rewind(input);
      await this.#plain(() => this.#run(line.updateArguments(id), cancel, { input }));
    } finally {
      closeFile(input);
    }
  }

  /**
   * Writes the container's state to `imagePath` (contract 8.8). CRIU's log is kept in the bundle when it fails.
   * @throws RuntimeError naming that log
   */
  async checkpoint(id: string, request: CheckpointRequest, cancel?: Cancellation): Promise<void> {
    const work = workDirectory(this.bundle, request.workPath);
    try {
      await this.#run(line.checkpointArguments(id, { ...request, workPath: work.path }), cancel);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      keepDumpLog(this.bundle, work.path);
      const [firstLine] = error.message.split('\n');
      throw new RuntimeError(`${firstLine} path= ${this.bundle.criuDumpLog}`);
    } finally {
      work.remove();
    }
  }

  async restore(id: string, request: RestoreRequest, cancel?: Cancellation): Promise<void> {
    const words = line.restoreArguments(id, {
      bundle: this.bundle.path,
      imagePath: request.imagePath,
      workPath: request.workPath === '' ? this.bundle.work : request.workPath,
      parentPath: request.parentPath,
      pidFile: this.bundle.initPidFile,
      consoleSocket: consoleSocketOf(request),
      noPivotRoot: request.noPivotRoot ?? false,
    });
    await this.#runLogged(failurePrefixes.restore, words, cancel, request);
  }

  /** @throws RuntimeError */
  version(): Promise<RuntimeVersion> {
    return this.#plain(() => runtimeVersion(this.#launcher, this.bundle.path));
  }

  /** JSON of the features structure. @throws RuntimeError, also when the runtime has no such command */
  features(): Promise<string> {
    return this.#plain(() => runtimeFeatures(this.#launcher, this.bundle.path));
  }

  #run(
    words: readonly string[],
    cancel: Cancellation | undefined,
    more?: { descriptors?: readonly [number, number, number]; input?: number; keptBytes?: number },
  ): Promise<string> {
    return this.#launcher.run({
      ...more,
      arguments: [...this.#globalArguments, ...words],
      told: words,
      directory: this.bundle.path,
      cancel,
    });
  }

  async #runLogged(
    prefix: string,
    words: readonly string[],
    cancel: Cancellation | undefined,
    stdio?: RuntimeStdio,
  ): Promise<void> {
    const logLength = this.#logLength();
    const given = stdio !== undefined && 'descriptors' in stdio;
    try {
      await this.#run(words, cancel, given ? { descriptors: stdio.descriptors } : undefined);
    } catch (error) {
      throw error instanceof CommandError ? this.#failure(prefix, error, logLength) : error;
    }
  }

  /** For commands whose base error is the whole text. */
  async #plain<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    try {
      return await run();
    } catch (error) {
      throw error instanceof CommandError ? new RuntimeError(error.message) : error;
    }
  }

  #failure(prefix: string, error: CommandError, logLength: number): RuntimeError {
    const readLog = (): string => readLastError(this.bundle.log, logLength);
    return new RuntimeError(describeFailure(prefix, error.message, readLog), error.wasKilled);
  }

  #stateDirectory(id: string): string {
    return `${this.root}/${id}`;
  }

  #logLength(): number {
    try {
      return fileStatus(this.bundle.log).size;
    } catch {
      return 0;
    }
  }
}

function wasKilled(error: unknown): boolean {
  return error instanceof RuntimeError && error.wasKilled;
}

function exists(path: string): boolean {
  try {
    fileStatus(path);
    return true;
  } catch {
    return false;
  }
}

/** Without double slashes and one at the end: runtimes repeat the path in their errors. */
function joinDirectory(root: string, name: string): string {
  const joined = `${root}/${name}`.replace(/\/+/g, '/');
  return joined.endsWith('/') ? joined.slice(0, -1) : joined;
}

function consoleSocketOf(stdio: RuntimeStdio): string | undefined {
  return 'consoleSocket' in stdio ? stdio.consoleSocket : undefined;
}
