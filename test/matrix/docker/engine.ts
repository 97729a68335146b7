import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type CommandOptions,
  type CommandResult,
  RunningCommand,
  runCommand,
  runWell,
} from '../../support/commands.ts';
import type { Containerd } from '../../support/containerd.ts';
import { isRunning, killQuietly, waitForEnd } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';

export interface EngineOptions {
  /** The directory of dockerd and docker. */
  readonly programs: string;
  readonly searchPath: readonly string[];
  /** Of daemon.json. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A dockerd of our own over a containerd of our own, with one image, `box`. Everything lies in the latter's directory. */
export class Engine {
  readonly containerd: Containerd;
  readonly #directory: string;
  readonly #options: EngineOptions;
  #daemon: ChildProcess | undefined;
  #lastName = 0;

  constructor(containerd: Containerd, options: EngineOptions) {
    this.containerd = containerd;
    this.#directory = join(containerd.directory, 'd');
    this.#options = options;
    mkdirSync(join(this.#directory, 'ids'), { recursive: true });
    writeFileSync(this.#path('daemon.json'), JSON.stringify(options.settings));
  }

  get log(): string {
    const path = this.#path('log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Starts dockerd (again) and waits until it answers. */
  async launch(): Promise<void> {
    const log = openSync(this.#path('log'), 'a');
    const { programs, searchPath } = this.#options;
    const path = [...searchPath, programs, process.env.PATH ?? ''].join(':');
    const daemon = spawn(join(programs, 'dockerd'), this.#flags(), {
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH: path },
      detached: true,
    });
    this.#daemon = daemon;
    daemon.on('error', () => {});
    closeSync(log);
    const { pid = 0 } = daemon;
    await waitUntil('dockerd answers', async () => {
      if (pid === 0 || !isRunning(pid)) throw new Error(`dockerd ended:\n${this.log}`);
      return (await this.docker('version')).status === 0;
    });
  }

  async importImage(): Promise<void> {
    const archive = this.#path('image.tar');
    await runWell('tar', ['-C', this.containerd.rootfs, '-cf', archive, '.']);
    await this.dockerWell('import', archive, 'box');
  }

  /** Ends dockerd alone. */
  async endDaemon(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#daemon?.pid ?? 0;
    this.#daemon = undefined;
    if (pid === 0) return;
    killQuietly(pid, signal);
    await waitForEnd(pid);
  }

  /** Removes all containers. */
  async removeContainers(): Promise<void> {
    const ids = (await this.dockerWell('ps', '-aq', '--no-trunc')).split('\n').filter((id) => id);
    if (ids.length > 0) await this.dockerWell('rm', '-f', ...ids);
  }

  /** What containers left behind, though all were removed. The mount of its data directory is dockerd's own. */
  async leftovers(): Promise<string[]> {
    for (const file of readdirSync(this.#path('ids'))) {
      this.containerd.remember(readFileSync(join(this.#path('ids'), file), 'utf8'));
    }
    return this.containerd.leftovers([this.#path('data')]);
  }

  /** A name for a container. */
  newName(): string {
    this.#lastName += 1;
    return `c${this.#lastName}`;
  }

  docker(...args: string[]): Promise<CommandResult> {
    return this.dockerWith({}, ...args);
  }

  dockerWith(options: CommandOptions, ...args: string[]): Promise<CommandResult> {
    const environment = this.#environment();
    return runCommand(this.#client, this.#arguments(args), { ...options, environment });
  }

  /** Runs `docker`, which has to end with 0, and returns its standard output. */
  async dockerWell(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.docker(...args);
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${status} ${stderr}`);
    return stdout;
  }

  startDocker(...args: string[]): RunningCommand {
    const options = { environment: this.#environment(), interactive: true };
    return new RunningCommand(this.#client, this.#arguments(args), options);
  }

  /** `docker` on a terminal of its own with 30 rows and 100 columns, by script(1). */
  startDockerOnTerminal(...args: string[]): RunningCommand {
    const words = [this.#client, ...this.#arguments(args)]
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ');
    const command = `stty rows 30 cols 100; exec ${words}`;
    const options = { environment: this.#environment(), interactive: true };
    return new RunningCommand('script', ['-qefc', command, '/dev/null'], options);
  }

  /** `docker run -d`. Returns the container's name. */
  async start(command: readonly string[], ...flags: string[]): Promise<string> {
    const name = this.newName();
    await this.dockerWell('run', '-d', '--name', name, ...flags, 'box', ...command);
    return name;
  }

  /** A field of `docker inspect`, by a template such as `.State.Pid`. */
  async inspect(name: string, field: string): Promise<string> {
    return (await this.dockerWell('inspect', '-f', `{{${field}}}`, name)).trim();
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  get #client(): string {
    return join(this.#options.programs, 'docker');
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, DOCKER_CONFIG: this.#path('config') };
  }

  /** Every container's id is noted, to look for what it leaves. */
  #arguments(args: readonly string[]): string[] {
    const [verb = '', ...rest] = args;
    const file = join(this.#path('ids'), `${Date.now()}-${Math.random()}`);
    const noted = verb === 'run' ? [verb, '--cidfile', file, ...rest] : args;
    return ['-H', `unix://${this.#path('s')}`, ...noted];
  }

  #flags(): string[] {
    return [
      ...['--config-file', this.#path('daemon.json')],
      ...['--containerd', this.containerd.address],
      ...['--containerd-namespace', this.containerd.namespace],
      ...['--containerd-plugins-namespace', `${this.containerd.namespace}-plugins`],
      ...['--data-root', this.#path('data')],
      ...['--exec-root', this.#path('exec')],
      ...['--cgroup-parent', `/${this.containerd.namespace}`],
      ...['-H', `unix://${this.#path('s')}`],
      ...['--pidfile', this.#path('pid')],
      // Without a proxy program: whether the machine happens to have one must not matter.
      ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--userland-proxy=false'],
    ];
  }
}
