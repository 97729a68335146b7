import { isSystemError } from '../posix/error.ts';
import { readText, writeNewFile } from '../posix/files.ts';
import { removeFile } from '../posix/paths.ts';
import { optionsFromJson, optionsToJson, type RuntimeOptions } from './options.ts';
import { hasOwnPidNamespace, type OciSpec, parseSpec } from './spec.ts';

const secretMode = 0o600;

/** One container's directory (contract 12.5). Holds no state of its own: every call reads or writes the disk. */
export class Bundle {
  /** Absolute: the server's working directory may be another bundle, or gone (trap 8). */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get configFile(): string {
    return `${this.path}/config.json`;
  }

  get rootfs(): string {
    return `${this.path}/rootfs`;
  }

  /** The runtime's log of all its invocations. */
  get log(): string {
    return `${this.path}/log.json`;
  }

  /** Symlink to the container's persistent directory. */
  get work(): string {
    return `${this.path}/work`;
  }

  get initPidFile(): string {
    return `${this.path}/init.pid`;
  }

  get criuDumpLog(): string {
    return `${this.path}/criu-dump.log`;
  }

  /** An exec may be called `init`; two dots in a row, which no id can have, keep its file apart from the init's. */
  execPidFile(execId: string): string {
    return `${this.path}/${execId === 'init' ? 'init.' : execId}.pid`;
  }

  /**
   * Writes the process that `exec --process` is to read; whoever wrote it removes it when the runtime has ended. It lies
   * in the bundle and not among the temporary files, so that it goes with the bundle if the shim is killed meanwhile.
   * @returns its path
   */
  writeExecProcess(execId: string, process: string): string {
    const path = `${this.path}/${execId}.process.json`;
    writeNewFile(path, process, secretMode);
    return path;
  }

  /** And what runc makes of it first: when it cannot go on, that stays, and no exec of this id is possible any more. */
  removeExecPidFile(execId: string): void {
    const path = this.execPidFile(execId);
    removeFile(path);
    removeFile(`${this.path}/.${path.slice(this.path.length + 1)}`);
  }

  /** @throws SystemError when `config.json` cannot be read; Error when it is no JSON object. */
  readSpec(): OciSpec {
    return parseSpec(readText(this.configFile));
  }

  /** The spec's annotations; none when there are none. Throws like `readSpec`. */
  annotations(): Readonly<Record<string, string>> {
    return this.readSpec().annotations ?? {};
  }

  /** False also where the spec cannot be read: then everyone in the container is killed (contract 5.12). */
  hasOwnPidNamespace(): boolean {
    try {
      return hasOwnPidNamespace(this.readSpec());
    } catch {
      return false;
    }
  }

  /** Has to be there before the runtime can run: `delete` takes root and binary from it (trap 57). */
  writeOptions(options: RuntimeOptions): void {
    writeNewFile(`${this.path}/options.json`, optionsToJson(options), secretMode);
  }

  /** @returns undefined when there are none yet. Throws when they cannot be read. */
  readOptions(): RuntimeOptions | undefined {
    const text = readIfThere(`${this.path}/options.json`);
    return text === undefined ? undefined : optionsFromJson(text);
  }

  /** The binary's name as the client gave it; may be empty. */
  writeRuntimeName(binaryName: string): void {
    writeNewFile(`${this.path}/runtime`, binaryName, secretMode);
  }

  /** @returns undefined when none was written yet. */
  readRuntimeName(): string | undefined {
    return readIfThere(`${this.path}/runtime`);
  }

  /**
   * The pid in a file that the runtime wrote. It writes no newline, but white space is tolerated (trap 52).
   * @throws SystemError when the file cannot be read; Error when it does not hold a pid.
   */
  readPid(path: string): number {
    const text = readText(path).trim();
    const pid = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
    if (pid < 1 || pid > 0x7fffffff) {
      throw new Error(`${path}: not a process id: ${JSON.stringify(text.slice(0, 32))}`);
    }
    return pid;
  }

  readInitPid(): number {
    return this.readPid(this.initPidFile);
  }

  readExecPid(execId: string): number {
    return this.readPid(this.execPidFile(execId));
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readText(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
