import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cgroupsBelow, killCgroups, removeCgroups } from './cgroups.ts';
import { type CommandOptions, type CommandResult, RunningCommand, runCommand } from './commands.ts';
import { type ContainerdOptions, spawnContainerd } from './containerdProcess.ts';
import { removeDumps } from './dumps.ts';
import { EventStream } from './events.ts';
import { stopOnInterruption } from './interruption.ts';
import { mountsBelow, unmountBelow } from './mounts.ts';
import { isRunning, killQuietly, listProcesses, waitForEnd } from './processes.ts';
import { busyboxRootfs } from './rootfs.ts';
import { waitUntil } from './waiting.ts';

/** The runtime under test; io.containerd.runc.v2 checks the tests themselves against Debian's Go shim. */
export const runtimeUnderTest = process.env.PODSHIM_TEST_RUNTIME ?? 'io.containerd.podshim.v1';

const SOCKET_DIRECTORY = '/run/containerd/s';
const RUNTIME_STATE = '/run/containerd/runc';

/**
 * A containerd of our own: its root, state, sockets and namespace are used by nobody else. Everything it leads to
 * (shims, containers, mounts, cgroups, sockets) can be found by these, so `stop` removes it all whatever happened.
 */
export class Containerd {
  readonly directory: string;
  readonly namespace: string;
  readonly address: string;
  readonly rootfs: string;
  #options: ContainerdOptions;
  readonly #groups = new Set<string>();
  #daemon: ChildProcess | undefined;
  #forget = (): void => {};
  #lastId = 0;

  private constructor(options: ContainerdOptions) {
    this.#options = options;
    this.directory = mkdtempSync(join(tmpdir(), 'podshim-'));
    this.namespace = basename(this.directory);
    this.address = join(this.directory, 'c.sock');
    this.rootfs = busyboxRootfs();
    mkdirSync(join(this.directory, 'fifo'));
  }

  /** One that is not started yet, so that it can be stopped at any moment of its start. */
  static prepare(options: ContainerdOptions = {}): Containerd {
    return new Containerd(options);
  }

  /** Starts a daemon and waits until it answers. */
  static async start(options: ContainerdOptions = {}): Promise<Containerd> {
    const containerd = Containerd.prepare(options);
    containerd.#forget = stopOnInterruption(() => containerd.stop());
    try {
      await containerd.launch();
    } catch (error) {
      await containerd.stop();
      throw error;
    }
    return containerd;
  }

  get pid(): number {
    return this.#daemon?.pid ?? 0;
  }

  get runtime(): string {
    return this.#options.runtime ?? runtimeUnderTest;
  }

  /** What the next `launch` starts instead, over the same directories. */
  replaceBy(options: ContainerdOptions): void {
    this.#options = options;
  }

  /** What the daemon and its shims logged. */
  get log(): string {
    const path = join(this.directory, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** The last lines of the log that are more than news. */
  get complaints(): string {
    const lines = this.log.split('\n').filter((line) => !line.includes('level=info'));
    return lines.slice(-15).join('\n');
  }

  /** A container id (or group name) that no other test uses; remembered for finding what it leaves behind. */
  newId(name: string): string {
    this.#lastId += 1;
    const id = `${name}-${this.#lastId}`;
    this.remember(id);
    return id;
  }

  /** What a container (or group) of this id leaves behind is to be found, though somebody else chose the id. */
  remember(id: string): void {
    this.#groups.add(id);
  }

  ctr(...args: string[]): Promise<CommandResult> {
    return this.ctrWith({}, ...args);
  }

  ctrWith(options: CommandOptions, ...args: string[]): Promise<CommandResult> {
    return runCommand(this.ctrPath, this.#ctrArguments(args), options);
  }

  /** Runs `ctr`, which has to end with 0, and returns its standard output. */
  async ctrWell(...args: string[]): Promise<string> {
    const result = await this.ctr(...args);
    if (result.status !== 0) {
      throw new Error(
        `ctr ${args.join(' ')}: ${result.status} ${result.stderr}\n${this.complaints}`,
      );
    }
    return result.stdout;
  }

  startCtr(...args: string[]): RunningCommand {
    return new RunningCommand(this.ctrPath, this.#ctrArguments(args), { interactive: true });
  }

  /** `ctr` on a terminal of its own with 30 rows and 100 columns, by script(1). */
  startCtrOnTerminal(...args: string[]): RunningCommand {
    const words = [this.ctrPath, ...this.#ctrArguments(args)].map(quote).join(' ');
    const command = `stty rows 30 cols 100; exec ${words}`;
    return new RunningCommand('script', ['-qefc', command, '/dev/null'], { interactive: true });
  }

  /** The arguments of `ctr run` for a container of the runtime under test. */
  runArguments(id: string, command: readonly string[], ...flags: string[]): string[] {
    const runtime = ['--runtime', this.runtime];
    return [
      'run',
      ...runtime,
      ...this.fifoFlags(),
      ...flags,
      '--rootfs',
      this.rootfs,
      id,
      ...command,
    ];
  }

  /** `ctr run` to the container's end. */
  run(id: string, command: readonly string[], ...flags: string[]): Promise<CommandResult> {
    return this.ctr(...this.runArguments(id, command, ...flags));
  }

  /** `ctr run -d`: returns when the container runs. */
  async runDetached(id: string, command: readonly string[], ...flags: string[]): Promise<void> {
    await this.ctrWell(...this.runArguments(id, command, '-d', '--null-io', ...flags));
  }

  /** FIFOs lie in the daemon's own directory, so that one left behind is found. */
  fifoFlags(): string[] {
    return ['--fifo-dir', join(this.directory, 'fifo')];
  }

  /** The pid and status of a task as `ctr tasks ls` shows them. */
  async task(id: string): Promise<{ pid: number; status: string } | undefined> {
    const listing = await this.ctrWell('tasks', 'ls');
    const line = listing.split('\n').find((text) => text.split(/\s+/)[0] === id);
    if (line === undefined) return undefined;
    const [, pid = '0', status = ''] = line.split(/\s+/);
    return { pid: Number(pid), status };
  }

  async waitForStatus(id: string, status: string): Promise<void> {
    await waitUntil(`${id} is ${status}`, async () => (await this.task(id))?.status === status);
  }

  /** Ends a task if it runs, and deletes it and its container. */
  async remove(id: string): Promise<void> {
    await this.ctr('tasks', 'kill', '-s', 'SIGKILL', id);
    await waitUntil(`${id} is deleted`, async () => {
      await this.ctr('tasks', 'rm', '-f', id);
      return (await this.task(id)) === undefined;
    });
    await this.ctrWell('containers', 'rm', id);
  }

  /** Opens the event stream and waits until it really delivers. */
  async events(): Promise<EventStream> {
    const stream = new EventStream(this.ctrPath, this.address, this.namespace);
    let probes = 0;
    await waitUntil('the event stream delivers', async () => {
      probes += 1;
      const name = `${this.namespace}-probe-${probes}`;
      await this.ctr('namespaces', 'create', name);
      await this.ctr('namespaces', 'rm', name);
      return stream.seen.length > 0;
    });
    return stream;
  }

  /** The servers (and helpers under way) that this daemon's shims are. */
  shims(): number[] {
    return listProcesses()
      .filter(
        ({ argv }) => argv.includes(this.address) && /(^|\/)containerd-shim-/.test(argv[0] ?? ''),
      )
      .map(({ pid }) => pid);
  }

  /** The socket of a group's shim in the daemon's namespace. */
  shimSocket(group: string): string {
    const identity = `${this.address}/${this.namespace}/${group}`;
    return join(SOCKET_DIRECTORY, createHash('sha256').update(identity).digest('hex'));
  }

  bundle(id: string): string {
    return join(this.directory, 'state/io.containerd.runtime.v2.task', this.namespace, id);
  }

  /** SIGKILL, as a crash of the daemon; shims and containers run on. */
  async killDaemon(): Promise<void> {
    const { pid } = this;
    this.#daemon = undefined;
    if (pid === 0) return;
    killQuietly(pid);
    // A zombie may be its first thread alone: the others, and with them its connections, can still be there.
    await waitUntil('the daemon has been collected', () => !existsSync(`/proc/${pid}`));
  }

  /** Starts the daemon (again) and waits until it answers. */
  async launch(): Promise<void> {
    const log = openSync(join(this.directory, 'log'), 'a');
    this.#daemon = spawnContainerd(this.directory, this.address, log, this.#options);
    this.#daemon.on('error', () => {});
    closeSync(log);
    const { pid } = this;
    await waitUntil('containerd answers', async () => {
      if (pid === 0 || !isRunning(pid)) throw new Error(`containerd ended:\n${this.log}`);
      return (await this.ctr('version')).status === 0;
    });
  }

  /**
   * What is left of containers, though all of them were deleted. Empty when all is well.
   * @param expected mount points that are no container's
   */
  async leftovers(expected: readonly string[] = []): Promise<string[]> {
    const look = (): string[] => [
      ...this.shims().map((pid) => `shim process ${pid}`),
      ...[...this.#groups]
        .map((group) => this.shimSocket(group))
        .filter((path) => existsSync(path)),
      ...[this.directory, this.rootfs]
        .flatMap((path) => mountsBelow(path, this.#options.mountNamespace))
        .filter((path) => !expected.includes(path)),
      ...cgroupsBelow(this.namespace),
      ...[...this.#groups].map((group) => this.bundle(group)).filter((path) => existsSync(path)),
      ...[...this.#groups]
        .map((group) => join(RUNTIME_STATE, this.namespace, group))
        .filter((path) => existsSync(path)),
    ];
    try {
      await waitUntil('nothing is left', () => look().length === 0, 5_000);
      return [];
    } catch {
      return look();
    }
  }

  /** Ends the daemon, its shims and their containers, and removes every trace of them. */
  async stop(): Promise<void> {
    const { pid } = this;
    this.#daemon = undefined;
    if (pid !== 0) {
      killQuietly(pid, 'SIGTERM');
      await waitForEnd(pid, 5_000).catch(() => killQuietly(pid));
    }
    await this.#killStragglers();
    unmountBelow(this.directory);
    await removeCgroups(this.namespace);
    for (const group of this.#groups) rmSync(this.shimSocket(group), { force: true });
    rmSync(join(RUNTIME_STATE, this.namespace), { recursive: true, force: true });
    removeDumps(this.namespace);
    rmSync(this.directory, { recursive: true, force: true });
    this.#forget();
  }

  /** A helper or a runtime command under way can start something new, so this looks until nothing is found twice. */
  async #killStragglers(): Promise<void> {
    let calm = 0;
    await waitUntil('the last process of the test is gone', async () => {
      const found = listProcesses().filter(
        ({ argv, state }) => this.#isOurs(argv) && state !== 'Z',
      );
      for (const { pid } of found) killQuietly(pid);
      await killCgroups(this.namespace);
      calm = found.length === 0 ? calm + 1 : 0;
      return calm === 3;
    });
  }

  #isOurs(argv: readonly string[]): boolean {
    const program = basename(argv[0] ?? '');
    return (
      /^(containerd|ctr|runc|script)/.test(program) &&
      argv.some((word) => word.includes(`${this.directory}/`))
    );
  }

  get ctrPath(): string {
    return this.#options.ctr ?? 'ctr';
  }

  #ctrArguments(args: readonly string[]): string[] {
    return ['-a', this.address, '-n', this.namespace, ...args];
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
