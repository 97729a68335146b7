import type { Cancellation } from '../platform/cancellation.ts';
import { SIGNALS } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { closeFile, makeMemoryFile, readSome, rewind } from '../posix/files.ts';
import { findExecutable } from '../posix/paths.ts';
import type { Command } from '../reaper/command.ts';
import type { Exit } from '../reaper/exit.ts';
import type { Reaper } from '../reaper/reaper.ts';
import { variableOf } from './runtimeEnvironment.ts';
import { CommandError, exitText } from './runtimeError.ts';

/** Enough for any error text. */
const keptErrorBytes = 64 * 1024;
const nullDevice = -1;

export interface LauncherSettings {
  readonly reaper: Reaper;
  /** Name to be searched on $PATH, or path. */
  readonly binary: string;
  /** `NAME=value`, from `runtimeEnvironment`. */
  readonly environment: readonly string[];
  /** What this process was given, before its JavaScript runtime raised it (trap 50a). */
  readonly openFiles: { readonly soft: number; readonly hard: number } | undefined;
}

export interface Launch {
  readonly arguments: readonly string[];
  readonly directory: string | undefined;
  /** The runtime's 0, 1 and 2, which the container inherits. Without them its output is captured. */
  readonly descriptors?: readonly [number, number, number] | undefined;
  /** Standard input of a captured command: a descriptor of the caller. */
  readonly input?: number;
  /** How much output is kept of a captured command that ends well. */
  readonly keptBytes?: number;
  readonly cancel?: Cancellation | undefined;
  /** Words of the arguments that hold nothing secret. */
  readonly told?: readonly string[];
}

/** Runs an OCI runtime's binary, through the reaper. */
export class RuntimeLauncher {
  readonly binary: string;
  readonly #reaper: Reaper;
  readonly #environment: readonly string[];
  readonly #searchPath: string | undefined;
  readonly #openFiles: LauncherSettings['openFiles'];

  constructor(settings: LauncherSettings) {
    this.binary = settings.binary === '' ? 'runc' : settings.binary;
    this.#reaper = settings.reaper;
    this.#environment = settings.environment;
    this.#openFiles = settings.openFiles;
    this.#searchPath = variableOf(settings.environment, 'PATH');
  }

  /**
   * Runs one command to its end.
   * @returns what it printed, standard error included; empty when it was given descriptors.
   * @throws CommandError with the base error of contract 8.2.
   */
  async run(launch: Launch): Promise<string> {
    if (launch.descriptors !== undefined) {
      const exit = await this.#spawn(launch, launch.descriptors);
      if (exit.status !== 0) throw this.#ended(exit.status, undefined);
      return '';
    }
    // A file in memory takes any amount at once: there is no pipe that somebody would have to empty meanwhile.
    const output = makeMemoryFile('runtime-output');
    try {
      const exit = await this.#spawn(launch, [launch.input ?? nullDevice, output, output]);
      const failed = exit.status !== 0;
      const text = readStart(output, failed ? keptErrorBytes : (launch.keptBytes ?? 0));
      if (failed) throw this.#ended(exit.status, text.trimEnd());
      return text;
    } finally {
      closeFile(output);
    }
  }

  #ended(status: number, output: string | undefined): CommandError {
    return new CommandError(exitText(this.binary, status, output), status);
  }

  async #spawn(launch: Launch, descriptors: readonly number[]): Promise<Exit> {
    const turn = this.#reaper.turns.take();
    if (turn !== undefined) await turn;
    if (launch.cancel?.cancelled) throw new CommandError('context canceled');
    const command = this.#start(launch, descriptors);
    const forget = launch.cancel?.onCancel(() => command.kill(SIGNALS.SIGKILL));
    try {
      return await command.wait();
    } finally {
      forget?.();
    }
  }

  #start(launch: Launch, descriptors: readonly number[]): Command {
    const { binary } = this;
    const path = binary.includes('/') ? binary : findExecutable(binary, this.#searchPath);
    if (path === undefined) {
      throw new CommandError(`exec: ${JSON.stringify(binary)}: executable file not found in $PATH`);
    }
    try {
      return this.#reaper.start({
        path,
        argv: [binary, ...launch.arguments],
        environment: this.#environment,
        directory: launch.directory,
        descriptors,
        killWithParent: true,
        newProcessGroup: false,
        openFiles: this.#openFiles,
        told: launch.told,
      });
    } catch (error) {
      if (isSystemError(error)) throw new CommandError(error.message);
      throw error;
    }
  }
}

/** The first bytes of a file in memory, whatever its position is. */
function readStart(descriptor: number, limitBytes: number): string {
  rewind(descriptor);
  const decoder = new TextDecoder();
  let text = '';
  let left = limitBytes;
  while (left > 0) {
    const block = readSome(descriptor, Math.min(left, keptErrorBytes));
    if (block === undefined || block.length === 0) break;
    left -= block.length;
    text += decoder.decode(block, { stream: true });
  }
  return text + decoder.decode();
}
