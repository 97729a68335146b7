import { type Cancellation, CancellationSource, neverCancelled } from '../platform/cancellation.ts';
import { OptionsType, packAny } from '../proto/any.ts';
import {
  type CheckpointTaskRequest,
  type ConnectRequest,
  type ConnectResponse,
  type CreateTaskRequest,
  type CreateTaskResponse,
  type DeleteRequest,
  type DeleteResponse,
  type ExecProcessRequest,
  type KillRequest,
  type PidsRequest,
  type PidsResponse,
  ProcessDetails,
  type ResizePtyRequest,
  type ShutdownRequest,
  type StartRequest,
  type StartResponse,
  type StateRequest,
  type StateResponse,
  type StatsRequest,
  type StatsResponse,
  type UpdateTaskRequest,
  type WaitRequest,
  type WaitResponse,
} from '../proto/messages.ts';
import { timestampOf, zeroTime } from '../proto/timestamp.ts';
import type { MessageInput } from '../proto/wire.ts';
import { alreadyExists, invalidArgument, notFound } from '../ttrpc/status.ts';
import type { Container } from './container.ts';
import type { TaskContext } from './context.ts';
import { createContainer } from './createContainer.ts';
import { checkIdentifier } from './identifiers.ts';
import { lostCreateMilliseconds } from './limits.ts';
import { outlivingConnection } from './lostCaller.ts';
import type { ProcessExit } from './process.ts';
import { execStatus, initStatus } from './status.ts';

/** The Task API of one server: its containers, and what each method does (contract 5). */
export class TaskService {
  readonly containers = new Map<string, Container>();
  readonly #context: TaskContext;
  readonly #shutDown: () => void;
  /** Ids whose create is in flight. */
  readonly #creating = new Set<string>();
  /** Calls off creates whose daemon has gone, when one that does not know them is back. */
  readonly #unwanted = new CancellationSource();
  #leaving = false;
  #emptied: () => void = () => {};

  /** @param shutDown is called when a client asks for it and no container is left */
  constructor(context: TaskContext, shutDown: () => void) {
    this.#context = context;
    this.#shutDown = shutDown;
  }

  /** No container is there or on its way. */
  get isEmpty(): boolean {
    return this.containers.size === 0 && this.#creating.size === 0;
  }

  /** Told whenever the last container has been deleted. */
  onEmpty(listener: () => void): void {
    this.#emptied = listener;
  }

  async create(
    request: CreateTaskRequest,
    call: Cancellation,
  ): Promise<MessageInput<CreateTaskResponse>> {
    const { id } = request;
    checkIdentifier('container', id);
    if (!request.bundle.startsWith('/')) {
      throw invalidArgument(`bundle ${JSON.stringify(request.bundle)} is not an absolute path`);
    }
    if (this.containers.has(id) || this.#creating.has(id)) throw alreadyExists(`container ${id}`);
    this.#creating.add(id);
    try {
      const patience = outlivingConnection(call, lostCreateMilliseconds, this.#unwanted);
      const container = await createContainer(this.#context, request, call, patience);
      this.containers.set(id, container);
      this.#leaving = false;
      return { pid: container.init.pid };
    } finally {
      this.#creating.delete(id);
      if (this.#leaving && this.isEmpty) this.#shutDown();
    }
  }

  async start(request: StartRequest, call: Cancellation): Promise<MessageInput<StartResponse>> {
    const container = this.#container(request.id);
    const process = request.execId === '' ? container.init : container.exec(request.execId);
    return { pid: await process.start(call) };
  }

  async delete(
    request: DeleteRequest,
    call: Cancellation = neverCancelled,
  ): Promise<MessageInput<DeleteResponse>> {
    const container = this.#container(request.id);
    const process = container.process(request.execId);
    if (request.execId === '') await this.#deleteContainer(container, call);
    else await container.deleteExec(request.execId);
    return { pid: process.pid, ...exitFields(process.exit) };
  }

  exec(request: ExecProcessRequest): void {
    const container = this.#container(request.id);
    if (request.spec === undefined) throw invalidArgument('exec without a process spec');
    const { stdin, stdout, stderr, terminal } = request;
    container.addExec(request.execId, textOf(request.spec.value), {
      stdin,
      stdout,
      stderr,
      terminal,
    });
  }

  state(request: StateRequest): MessageInput<StateResponse> {
    const container = this.#container(request.id);
    const { execId } = request;
    const { init } = container;
    const exec = execId === '' ? undefined : container.exec(execId);
    const { id, pid, paths, exit } = exec ?? init;
    // Asked for more often than all else: field by field, as spreading costs three times that without a JIT.
    return {
      id,
      bundle: container.bundle.path,
      pid,
      status: exec === undefined ? initStatus(init) : execStatus(init, exec),
      stdin: paths.stdin,
      stdout: paths.stdout,
      stderr: paths.stderr,
      terminal: paths.terminal,
      exitStatus: exit === undefined ? 0 : exit.status,
      exitedAt: exit === undefined ? zeroTime : timestampOf({ milliseconds: exit.at }),
    };
  }

  wait(
    request: WaitRequest,
    call: Cancellation,
  ): MessageInput<WaitResponse> | Promise<MessageInput<WaitResponse>> {
    const process = this.#container(request.id).process(request.execId);
    const waiting = process.wait(call);
    if (waiting === undefined) return exitFields(process.exit);
    return waiting.then(() => exitFields(process.exit));
  }

  /** `all` counts for the init only (contract 5.7). */
  kill(request: KillRequest): void | Promise<void> {
    const container = this.#container(request.id);
    if (request.execId === '') return container.init.kill(request.signal, request.all);
    container.exec(request.execId).kill(request.signal);
  }

  pause(id: string, call: Cancellation): Promise<void> {
    return this.#container(id).init.pause(call);
  }

  resume(id: string, call: Cancellation): Promise<void> {
    return this.#container(id).init.resume(call);
  }

  update(request: UpdateTaskRequest, call: Cancellation): Promise<void> {
    const container = this.#container(request.id);
    if (request.resources === undefined) throw invalidArgument('update without resources');
    return container.init.update(textOf(request.resources.value), call);
  }

  /** @throws Error naming the type of options that are no checkpoint's; RuntimeError naming CRIU's log (contract 8.8) */
  async checkpoint(request: CheckpointTaskRequest, call: Cancellation): Promise<void> {
    const { init } = this.#container(request.id);
    const { decodeCheckpointOptions } = await import('../oci/checkpointOptions.ts');
    const options = decodeCheckpointOptions(request.options ?? undefined);
    await init.checkpoint({ ...options, imagePath: request.path }, call);
  }

  /** The pids in the runtime's order; those of execs say which one (contract 5.8). */
  async pids(request: PidsRequest, call: Cancellation): Promise<MessageInput<PidsResponse>> {
    const container = this.#container(request.id);
    const pids = await container.runtime.pids(container.id, call);
    const execIds = new Map([...container.execs.values()].map((exec) => [exec.pid, exec.id]));
    const processes = pids.map((pid) => {
      const execId = execIds.get(pid);
      if (execId === undefined) return { pid };
      const details = ProcessDetails.encode({ execId }).finish();
      return { pid, info: packAny(OptionsType.processDetails, details) };
    });
    return { processes };
  }

  async stats(request: StatsRequest): Promise<MessageInput<StatsResponse>> {
    const { cgroup } = this.#container(request.id);
    if (cgroup === undefined) throw notFound('cgroup does not exist');
    return { stats: await cgroup.stats() };
  }

  /** Never fails: a daemon that comes back asks this first (contract 5.9). */
  connect(request: ConnectRequest): MessageInput<ConnectResponse> {
    return { shimPid: process.pid, taskPid: this.containers.get(request.id)?.init.pid ?? 0 };
  }

  resizePty(request: ResizePtyRequest): void {
    const process = this.#container(request.id).process(request.execId);
    process.resize(request.width, request.height);
  }

  closeIo(id: string, execId: string): void {
    this.#container(id).process(execId).closeStdin();
  }

  /**
   * Without effect while there are containers; `now` is never meant (contract 5.9). A daemon that was killed in the
   * middle of a Create and is back before that is over sees no container, and asks for this: then it is called off.
   */
  shutdown(_request: ShutdownRequest): void {
    if (this.isEmpty) {
      this.#shutDown();
    } else if (this.containers.size === 0) {
      this.#leaving = true;
      this.#unwanted.cancel(new Error('the shim is to end'));
    }
  }

  #container(id: string): Container {
    const container = this.containers.get(id);
    if (container === undefined) throw notFound('container not created');
    return container;
  }

  /**
   * TaskDelete is the container's last event (I5). When the caller has gone, all is removed but not forgotten: a daemon
   * that was killed meanwhile asks for the container's state when it is back, and deletes it once more.
   */
  async #deleteContainer(container: Container, call: Cancellation): Promise<void> {
    await container.init.delete(call);
    if (call.cancelled) return;
    this.containers.delete(container.id);
    container.release();
    container.journalExit(true);
    const { pid, exit } = container.init;
    this.#context.events.delete(container.id, pid, exit ?? { status: 0, at: Date.now() });
    if (this.isEmpty) this.#emptied();
  }
}

/** Exec's spec and Update's resources are JSON inside an Any (trap 59). */
function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

/** Of a process that has not exited: status 0 and Go's zero time (contract 5.1). */
function exitFields(exit: ProcessExit | undefined): MessageInput<WaitResponse> {
  if (exit === undefined) return { exitStatus: 0, exitedAt: zeroTime };
  return { exitStatus: exit.status, exitedAt: timestampOf({ milliseconds: exit.at }) };
}
