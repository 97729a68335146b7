import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  BootstrapParams,
  type CreateTaskRequest,
  type MessageInput,
  RuncOptions,
} from '../../src/proto/messages.ts';
import { killCgroups, removeCgroups } from './cgroups.ts';
import { RunningCommand, runWell } from './commands.ts';
import { removeDumpOf } from './dumps.ts';
import { EventSink } from './eventSink.ts';
import { type Fifos, makeFifos, readFifo, writeFifo } from './fifos.ts';
import { unmountBelow } from './mounts.ts';
import { ociSpec, type SpecInput } from './ociSpec.ts';
import { killQuietly, waitForEnd } from './processes.ts';
import { ShimClient, TASK_V2, TASK_V3 } from './shimClient.ts';
import { runShim, ShimSandbox } from './shimRun.ts';
import { readStartAnswer, type StartAnswer } from './startAnswer.ts';

export interface PodOptions {
  /** What `start` is run with, if not shimCommand() itself. */
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the event sink listens from the beginning; true by default. */
  readonly sinkListens?: boolean;
  /** As containerd 2.3 and later do it: BootstrapParams on stdin, a BootstrapResult back, Task version 3. */
  readonly bootstrap?: boolean;
  /** Words before the flags that every `start` gets. */
  readonly words?: readonly string[];
  /** The group that the first bundle's config.json names. */
  readonly group?: string;
  /** The Task service to call, instead of the one that the answer of `start` promises. */
  readonly service?: string;
  /** Who has the first bundle's `log` open: nobody, somebody who reads it, or somebody who does not. */
  readonly log?: 'closed' | 'read' | 'unread';
  /** The stderr of processes that have a stdout only; none by default. */
  readonly stderrIfNone?: string;
  /** Called before anything is started, so that a pod whose start hangs can be closed. */
  readonly opened?: (pod: ShimPod) => void;
}

export type ContainerInput = Omit<SpecInput, 'cgroup'> & {
  /** Fields of the Create request beside id, bundle and options. */
  readonly request?: MessageInput<CreateTaskRequest>;
};

/** A container that was created. */
export interface CreatedContainer {
  readonly id: string;
  readonly bundle: string;
  readonly pid: number;
}

/**
 * A shim server started as the daemon does it, a connection to it, and where its events arrive. Everything is private:
 * state directory, runc's root, cgroups. `close` ends and removes all of it, whatever state it is in.
 */
export class ShimPod {
  readonly sandbox = new ShimSandbox();
  readonly events = new EventSink(join(this.sandbox.directory, 'events.sock'));
  readonly runcRoot = join(this.sandbox.directory, 'runc');
  readonly cgroup = this.sandbox.directory.slice(this.sandbox.directory.lastIndexOf('/') + 1);
  readonly #commands: RunningCommand[] = [];
  #client: ShimClient | undefined;
  #log: RunningCommand | undefined;
  #socket = '';
  #stderrIfNone = '';
  #pid = 0;
  #ids = 0;

  static async start(options: PodOptions = {}): Promise<ShimPod> {
    const pod = new ShimPod();
    options.opened?.(pod);
    try {
      if (options.sinkListens !== false) pod.events.start();
      await pod.#start(options);
      return pod;
    } catch (error) {
      await pod.close();
      throw error;
    }
  }

  get client(): ShimClient {
    if (this.#client === undefined) throw new Error('the shim is not started');
    return this.#client;
  }

  /** The path of the server's socket. */
  get socket(): string {
    return this.#socket;
  }

  /** The server's pid. */
  get pid(): number {
    return this.#pid;
  }

  /** The bundle that the server was started in. No container uses it. */
  get firstBundle(): string {
    return join(this.sandbox.directory, 'pod');
  }

  /** Runs `start` in the bundle of this name, in the form that the options ask for, and returns the address. */
  async startIn(id: string, options: PodOptions): Promise<string> {
    return (await this.#answerOfStart(id, options)).address;
  }

  /** The pod's own connection anew, for when `client` was closed. */
  async reconnect(): Promise<void> {
    this.#client = await this.connect(this.client.service);
  }

  /** Another connection. Close it. */
  async connect(service?: string): Promise<ShimClient> {
    const client = await ShimClient.connect(this.#socket, service);
    client.stderrIfNone = this.#stderrIfNone;
    return client;
  }

  /** An id that no container of this pod has. */
  newId(prefix = 'c'): string {
    this.#ids += 1;
    return `${prefix}${this.#ids}`;
  }

  /** Makes a bundle whose config.json is a spec, and returns its path. */
  bundle(id: string, input: Omit<SpecInput, 'cgroup'>): string {
    const spec = ociSpec({ ...input, cgroup: this.cgroupOf(id) });
    return this.sandbox.bundle(id, JSON.stringify(spec));
  }

  cgroupOf(id: string): string {
    return `/${this.cgroup}/${id}`;
  }

  /** The options that every Create needs: our runc root. */
  options(more: MessageInput<RuncOptions> = {}): { typeUrl: string; value: Uint8Array } {
    const value = RuncOptions.encode({ root: this.runcRoot, ...more }).finish();
    return { typeUrl: RuncOptions.fullName, value };
  }

  async create(input: ContainerInput, id: string = this.newId()): Promise<CreatedContainer> {
    const { request, ...spec } = input;
    const bundle = this.bundle(id, spec);
    const terminal = spec.terminal ?? false;
    const options = this.options();
    const { pid } = await this.client.create({ id, bundle, terminal, options, ...request });
    return { id, bundle, pid };
  }

  /** Creates and starts a container. */
  async run(input: ContainerInput, id?: string): Promise<CreatedContainer> {
    const container = await this.create(input, id);
    await this.client.start(container.id);
    return container;
  }

  /** Kills, if need be, and deletes. */
  async remove(id: string): Promise<void> {
    await this.client.kill(id, 9).catch(() => {});
    await this.client.wait(id);
    await this.client.delete(id);
  }

  /** Deletes a container in runc, without the shim's knowledge. */
  async deleteBehindTheShim(id: string): Promise<void> {
    const root = join(this.runcRoot, this.sandbox.namespace);
    await runWell('runc', ['--root', root, 'delete', '--force', id]);
  }

  /** Runs a container to its end and returns what it wrote to stdout. It is deleted afterwards. */
  async outputOf(input: ContainerInput): Promise<string> {
    const id = this.newId('out');
    const { stdout } = this.fifos(id);
    const reader = this.read(stdout);
    await this.run({ ...input, request: { stdout } }, id);
    const { stdout: text } = await reader.finished;
    await this.client.wait(id);
    await this.client.delete(id);
    return text;
  }

  /** Runs an exec to its end and returns what it wrote to stdout. It is deleted afterwards. */
  async outputOfExec(id: string, args: readonly string[]): Promise<string> {
    const execId = this.newId('exec');
    const { stdout } = this.fifos(execId);
    const reader = this.read(stdout);
    await this.client.exec({ id, execId, args, stdout });
    await this.client.start(id, execId);
    const { stdout: text } = await reader.finished;
    await this.client.wait(id, execId);
    await this.client.delete(id, execId);
    return text;
  }

  fifos(name: string): Fifos {
    return makeFifos(this.sandbox.directory, name);
  }

  read(path: string): RunningCommand {
    return this.#keep(readFifo(path));
  }

  write(path: string): RunningCommand {
    return this.#keep(writeFifo(path));
  }

  /** Ends who has the first bundle's `log` open. */
  closeLog(): void {
    this.#log?.kill('SIGKILL');
  }

  /** Descriptors the server has open: where each leads. */
  descriptors(): string[] {
    return descriptorsOf(this.#pid);
  }

  /** Containers that runc knows in this pod. */
  runcStates(): string[] {
    const directory = join(this.runcRoot, this.sandbox.namespace);
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  async close(): Promise<void> {
    this.#client?.close();
    for (const command of this.#commands) command.kill('SIGKILL');
    try {
      // Without the server nobody else works on the containers.
      await this.#killServers();
      this.#removeContainers();
      await killCgroups(this.cgroup);
      await removeCgroups(this.cgroup);
    } finally {
      removeDumpOf(this.#pid);
      await this.events.stop();
      // What is mounted is not ours to be removed with the directory: so this comes first, or nothing is removed.
      unmountBelow(this.sandbox.directory);
      await this.sandbox.close();
    }
  }

  async #start(options: PodOptions): Promise<void> {
    const { sandbox } = this;
    mkdirSync(this.runcRoot);
    const annotations = { 'io.containerd.runc.v2.group': options.group ?? 'pod' };
    const directory = sandbox.bundle('pod', JSON.stringify({ annotations }));
    // The daemon makes it before it runs `start`, and may be too busy to read it.
    const log = join(directory, 'log');
    execFileSync('mkfifo', ['-m', '0700', log]);
    this.#openLog(log, options.log ?? 'closed');
    const { address, version } = await this.#answerOfStart('pod', options);
    this.#socket = sandbox.own(address);
    this.#stderrIfNone = options.stderrIfNone ?? '';
    this.#client = await this.connect(options.service ?? (version === 3 ? TASK_V3 : TASK_V2));
    this.#pid = (await this.#client.connectTask('pod')).shimPid;
  }

  async #answerOfStart(id: string, options: PodOptions): Promise<StartAnswer> {
    const { command, environment, bootstrap = false, words = [] } = options;
    const { sandbox } = this;
    const params = {
      instanceId: id,
      namespace: sandbox.namespace,
      containerdVersion: '2.3.4',
      containerdTtrpcAddress: this.events.path,
      containerdGrpcAddress: sandbox.address,
      containerdBinary: 'containerd',
      socketDir: join(sandbox.directory, 's'),
    };
    const result = await runShim({
      directory: join(sandbox.directory, id),
      words: [...words, ...sandbox.flags(id), 'start'],
      environment: { TTRPC_ADDRESS: this.events.path, ...environment },
      ...(command === undefined ? {} : { command }),
      ...(bootstrap ? { stdin: BootstrapParams.encode(params).finish() } : {}),
    });
    if (result.status !== 0) throw new Error(`start ended with ${result.status}: ${result.stderr}`);
    const answer = readStartAnswer(result.stdout);
    const { version, protocol } = answer;
    if (protocol !== 'ttrpc' || (bootstrap && version !== 3)) {
      throw new Error(`version ${version}, ${protocol}`);
    }
    return answer;
  }

  /** Nobody has to be at the other end: a FIFO opened for both is open at once. */
  #openLog(path: string, how: 'closed' | 'read' | 'unread'): void {
    if (how === 'closed') return;
    const program = how === 'read' ? 'exec cat > /dev/null' : 'exec sleep 100000';
    const command = ['-c', `${program} <> "$0"`, path];
    const limitMilliseconds = 3_600_000;
    this.#log = this.#keep(new RunningCommand('sh', command, { limitMilliseconds }));
  }

  async #killServers(): Promise<void> {
    for (const pid of this.sandbox.servers()) {
      killQuietly(pid);
      await waitForEnd(pid);
    }
  }

  #keep(command: RunningCommand): RunningCommand {
    this.#commands.push(command);
    return command;
  }

  #removeContainers(): void {
    const root = join(this.runcRoot, this.sandbox.namespace);
    for (const id of this.runcStates()) {
      try {
        execFileSync('runc', ['--root', root, 'delete', '--force', id], { stdio: 'ignore' });
      } catch {
        // What is left of it is in the cgroups, whose processes are killed next.
      }
    }
  }
}

/** Where each descriptor of a process leads. */
export function descriptorsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))];
    } catch {
      return [];
    }
  });
}
