/** The argument lists of an OCI runtime's command line (contract 8.1 to 8.9). Order and spelling are observable. */

export interface GlobalSettings {
  /** State directory, namespace included. */
  readonly root: string;
  readonly log: string;
  readonly criuPath: string;
  readonly systemdCgroup: boolean;
}

export interface CreateSettings {
  readonly bundle: string;
  readonly pidFile: string;
  readonly consoleSocket: string | undefined;
  readonly noPivotRoot: boolean;
  readonly noNewKeyring: boolean;
}

export interface ExecSettings {
  readonly processFile: string;
  readonly pidFile: string;
  readonly consoleSocket: string | undefined;
}

export interface CheckpointSettings {
  readonly imagePath: string;
  readonly workPath: string;
  readonly parentPath: string;
  readonly openTcp: boolean;
  readonly externalUnixSockets: boolean;
  readonly terminal: boolean;
  readonly fileLocks: boolean;
  readonly emptyNamespaces: readonly string[];
  /** Ends the container; otherwise it goes on running. */
  readonly exit: boolean;
}

export interface RestoreSettings {
  readonly bundle: string;
  readonly imagePath: string;
  readonly workPath: string;
  readonly parentPath: string;
  readonly pidFile: string;
  readonly consoleSocket: string | undefined;
  readonly noPivotRoot: boolean;
}

/** `[word]` when set. */
function flag(word: string, set: boolean): readonly string[] {
  return set ? [word] : [];
}

/** `[word, value]` when there is a value. */
function option(word: string, value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : [word, value];
}

/** What precedes every command but `--version` and `features`. The log is given in two words (contract 16.1). */
export function globalArguments(settings: GlobalSettings): readonly string[] {
  return [
    ...['--root', settings.root, '--log', settings.log, '--log-format', 'json'],
    ...option('--criu', settings.criuPath),
    ...flag('--systemd-cgroup', settings.systemdCgroup),
  ];
}

export function createArguments(id: string, settings: CreateSettings): readonly string[] {
  return [
    ...['create', '--bundle', settings.bundle, '--pid-file', settings.pidFile],
    ...option('--console-socket', settings.consoleSocket),
    ...flag('--no-pivot', settings.noPivotRoot),
    ...flag('--no-new-keyring', settings.noNewKeyring),
    id,
  ];
}

export function startArguments(id: string): readonly string[] {
  return ['start', id];
}

export function execArguments(id: string, settings: ExecSettings): readonly string[] {
  return [
    ...['exec', '--process', settings.processFile],
    ...option('--console-socket', settings.consoleSocket),
    ...['--detach', '--pid-file', settings.pidFile, id],
  ];
}

export function killArguments(id: string, signal: number, all: boolean): readonly string[] {
  return ['kill', ...flag('--all', all), id, String(signal)];
}

export function pauseArguments(id: string): readonly string[] {
  return ['pause', id];
}

export function resumeArguments(id: string): readonly string[] {
  return ['resume', id];
}

export function deleteArguments(id: string, force: boolean): readonly string[] {
  return ['delete', ...flag('--force', force), id];
}

export function listProcessesArguments(id: string): readonly string[] {
  return ['ps', '--format', 'json', id];
}

/** The resources come on standard input. */
export function updateArguments(id: string): readonly string[] {
  return ['update', '--resources=-', id];
}

export function checkpointArguments(id: string, settings: CheckpointSettings): readonly string[] {
  return [
    'checkpoint',
    ...option('--image-path', settings.imagePath),
    ...option('--work-path', settings.workPath),
    ...option('--parent-path', settings.parentPath),
    ...flag('--tcp-established', settings.openTcp),
    ...flag('--ext-unix-sk', settings.externalUnixSockets),
    ...flag('--shell-job', settings.terminal),
    ...flag('--file-locks', settings.fileLocks),
    ...settings.emptyNamespaces.flatMap((namespace) => ['--empty-ns', namespace]),
    ...flag('--leave-running', !settings.exit),
    id,
  ];
}

/** The single dash of `-no-subreaper` is the reference's. */
export function restoreArguments(id: string, settings: RestoreSettings): readonly string[] {
  return [
    'restore',
    ...option('--image-path', settings.imagePath),
    ...option('--work-path', settings.workPath),
    ...option('--parent-path', settings.parentPath),
    ...['--detach', '--pid-file', settings.pidFile],
    ...option('--console-socket', settings.consoleSocket),
    ...flag('--no-pivot', settings.noPivotRoot),
    ...['-no-subreaper', '--bundle', settings.bundle, id],
  ];
}
