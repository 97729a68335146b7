import { O_RDONLY } from '../../posix/constants.ts';
import { closeFile, openFile, readSome, readText, replaceFile } from '../../posix/files.ts';
import { type FileStatus, fileStatus, findExecutable } from '../../posix/paths.ts';
import { makePrivateDirectory } from '../../posix/privateDirectory.ts';
import { variableOf } from '../runtimeEnvironment.ts';
import { type LauncherSettings, RuntimeLauncher } from '../runtimeLauncher.ts';
import { type RuntimeVersion, runtimeVersion } from '../runtimeQueries.ts';

export type KnownRuntime = 'runc' | 'crun';

/** What is noted of a binary that is none of those. */
const unknown = 'unknown';
const notesDirectory = '/run/podshim/runtimes';
const magicOfElf = '\x7fELF';

/**
 * Which OCI runtime is behind a binary, as far as the direct path knows it. Its own `--version` decides, asked once per
 * file (device, inode, size, time of change) and machine: the answer is noted for all servers until the next boot.
 */
export class KnownRuntimes {
  readonly #settings: Omit<LauncherSettings, 'binary'>;
  readonly #directory: string;
  /** By the name of the note. Undefined while the answer is awaited. */
  readonly #known = new Map<string, string | undefined>();

  /** @param directory of the notes. Only tests name another. */
  constructor(settings: Omit<LauncherSettings, 'binary'>, directory: string = notesDirectory) {
    this.#settings = settings;
    this.#directory = directory;
  }

  /**
   * Never waits: where nothing is known yet it answers undefined, and asks the binary meanwhile. Undefined also for what
   * is no program of its own but a script: it may do more than the runtime that it calls.
   *
   * @param binary a name to be searched on $PATH, or a path
   */
  kindOf(binary: string): KnownRuntime | undefined {
    try {
      const path = binary.includes('/')
        ? binary
        : findExecutable(binary, variableOf(this.#settings.environment, 'PATH'));
      if (path === undefined) return undefined;
      const note = noteName(fileStatus(path));
      if (!this.#known.has(note)) this.#learn(note, path);
      const kind = this.#known.get(note);
      return kind === 'runc' || kind === 'crun' ? kind : undefined;
    } catch {
      // The runtime itself says what is wrong when it is started.
      return undefined;
    }
  }

  #learn(note: string, path: string): void {
    this.#known.set(note, isElf(path) ? this.#read(note) : unknown);
    if (this.#known.get(note) !== undefined) return;
    const launcher = new RuntimeLauncher({ ...this.#settings, binary: path });
    runtimeVersion(launcher).then(
      (version) => this.#note(note, kindOfVersion(version)),
      () => this.#known.set(note, unknown),
    );
  }

  #read(note: string): string | undefined {
    try {
      makePrivateDirectory(this.#directory, 'directory of runtimes');
      return readText(`${this.#directory}/${note}`).trim();
    } catch {
      return undefined;
    }
  }

  #note(note: string, kind: string): void {
    this.#known.set(note, kind);
    try {
      makePrivateDirectory(this.#directory, 'directory of runtimes');
      replaceFile(`${this.#directory}/${note}`, `${kind}\n`, 0o600);
    } catch {
      // Then the next server asks again.
    }
  }
}

function noteName({ device, inode, size, modifiedNanos }: FileStatus): string {
  return `${device}-${inode}-${size}-${modifiedNanos}`;
}

function isElf(path: string): boolean {
  const descriptor = openFile(path, O_RDONLY);
  try {
    return new TextDecoder().decode(readSome(descriptor, magicOfElf.length)) === magicOfElf;
  } finally {
    closeFile(descriptor);
  }
}

/** Those whose start, kill and delete were read and compared: runc 1.1 to 1.5, crun 1. */
export function kindOfVersion({ name, version }: RuntimeVersion): string {
  if (name === 'runc' && /^1\.[1-5]\./.test(version)) return 'runc';
  if (name === 'crun' && /^1\./.test(version)) return 'crun';
  return unknown;
}
