import { Bundle } from '../oci/bundle.ts';
import type { OciSpec } from '../oci/spec.ts';
import { type Cancellation, neverCancelled } from '../platform/cancellation.ts';
import { isSystemError } from '../posix/error.ts';
import { type AnyValue, lastSegment, OptionsType } from '../proto/any.ts';
import type {
  CreateSandboxRequest,
  MessageInput,
  SandboxMetricsResponse,
  SandboxPlatformResponse,
  SandboxStatusRequest,
  SandboxStatusResponse,
  StartSandboxResponse,
  StopSandboxRequest,
  WaitSandboxResponse,
} from '../proto/messages.ts';
import { now, timestampOf, zeroTime } from '../proto/timestamp.ts';
import type { Container } from '../task/container.ts';
import { checkIdentifier } from '../task/identifiers.ts';
import type { ProcessExit } from '../task/process.ts';
import type { TaskService } from '../task/taskService.ts';
import { alreadyExists, invalidArgument, notFound } from '../ttrpc/status.ts';
import type { SandboxHolder } from './holder.ts';
import { PauseContainer } from './pauseContainer.ts';
import { podNamespaces } from './podConfig.ts';
import { PodNamespaces } from './podNamespaces.ts';
import { Sandbox } from './sandbox.ts';
import { stopContainers } from './stopContainers.ts';

const runtimeOptionTypes: ReadonlySet<string> = new Set([
  OptionsType.runc,
  OptionsType.runtime,
  OptionsType.legacyRunc,
  OptionsType.legacyCreate,
]);

/**
 * The sandbox of one server, for daemons whose `sandboxer` is `shim` (contract 13). Its containers come through the
 * Task API. While it is there, Shutdown of the Task API does not end the server.
 *
 * A bundle whose spec has a process gets a pause container made of it; otherwise no process is needed (PodNamespaces).
 */
export class SandboxService {
  readonly #tasks: TaskService;
  readonly #changed: (present: boolean) => void;
  #sandbox: Sandbox | undefined;
  #creating = false;

  /** @param changed is told when a sandbox comes, and when it is gone for good */
  constructor(tasks: TaskService, changed: (present: boolean) => void) {
    this.#tasks = tasks;
    this.#changed = changed;
  }

  /** @throws StatusError AlreadyExists: a server has one sandbox */
  async create(request: CreateSandboxRequest, call: Cancellation): Promise<void> {
    const { sandboxId: id, bundlePath } = request;
    checkIdentifier('sandbox', id);
    if (!bundlePath.startsWith('/')) {
      throw invalidArgument(`bundle ${JSON.stringify(bundlePath)} is not an absolute path`);
    }
    if (this.#sandbox !== undefined) throw alreadyExists(`sandbox ${this.#sandbox.id}`);
    if (this.#creating) throw alreadyExists(`sandbox ${id}`);
    this.#creating = true;
    try {
      this.#sandbox = new Sandbox(id, await this.#makeHolder(request, call));
      this.#changed(true);
    } finally {
      this.#creating = false;
    }
  }

  /** Its pid is what containers join the namespaces of. */
  async start(id: string, call: Cancellation): Promise<MessageInput<StartSandboxResponse>> {
    const sandbox = this.#find(id);
    await sandbox.start(call);
    return { pid: sandbox.pid, createdAt: timestampOf({ milliseconds: sandbox.createdAt }) };
  }

  platform(id: string): MessageInput<SandboxPlatformResponse> {
    this.#find(id);
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    return { platform: { os: 'linux', architecture } };
  }

  /** Ends what is left in the sandbox, then the sandbox. It can still be asked for its status. */
  async stop(request: StopSandboxRequest, call: Cancellation): Promise<void> {
    await this.#stop(this.#find(request.sandboxId), request.timeoutSecs, call);
  }

  wait(
    id: string,
    call: Cancellation,
  ): MessageInput<WaitSandboxResponse> | Promise<MessageInput<WaitSandboxResponse>> {
    const sandbox = this.#find(id);
    const waiting = sandbox.wait(call);
    if (waiting === undefined) return exitFields(sandbox.exit);
    return waiting.then(() => exitFields(sandbox.exit));
  }

  status(request: SandboxStatusRequest): MessageInput<SandboxStatusResponse> {
    const sandbox = this.#find(request.sandboxId);
    return {
      sandboxId: sandbox.id,
      pid: sandbox.pid,
      state: sandbox.state === 'ready' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
      info: request.verbose ? this.#info(sandbox) : {},
      createdAt: timestampOf({ milliseconds: sandbox.createdAt }),
      exitedAt: exitFields(sandbox.exit).exitedAt,
    };
  }

  ping(id: string): void {
    this.#find(id);
  }

  /**
   * Removes the sandbox. The server ends with its last container, or at once where there is none; so it does for a
   * sandbox whose creation failed.
   */
  async shutdown(id: string): Promise<void> {
    const sandbox = this.#sandbox;
    if (sandbox !== undefined) {
      this.#find(id);
      await this.#stop(sandbox, 0, neverCancelled);
      await sandbox.remove();
      this.#sandbox = undefined;
    }
    this.#changed(false);
  }

  /** Only a pause container has a cgroup of its own. */
  async metrics(id: string): Promise<MessageInput<SandboxMetricsResponse>> {
    const sandbox = this.#find(id);
    return { metrics: { timestamp: now(), id: sandbox.id, data: await sandbox.stats() } };
  }

  async #makeHolder(request: CreateSandboxRequest, call: Cancellation): Promise<SandboxHolder> {
    const { sandboxId: id, bundlePath: bundle, rootfs, netnsPath } = request;
    const options = request.options ?? undefined;
    const spec = readSpec(bundle);
    if ((spec?.process ?? undefined) === undefined) {
      const hostname = typeof spec?.hostname === 'string' ? spec.hostname : undefined;
      return new PodNamespaces(podNamespaces({ netnsPath, options, hostname }));
    }
    const known = options !== undefined && isRuntimeOptions(options) ? { options } : {};
    return PauseContainer.create(this.#tasks, { id, bundle, rootfs, ...known }, call);
  }

  async #stop(sandbox: Sandbox, timeoutSeconds: number, call: Cancellation): Promise<void> {
    await stopContainers(this.#containersOf(sandbox), timeoutSeconds, call);
    await sandbox.stop(call);
  }

  #containersOf(sandbox: Sandbox): Container[] {
    return [...this.#tasks.containers.values()].filter(({ id }) => id !== sandbox.id);
  }

  #info(sandbox: Sandbox): Record<string, string> {
    return {
      sandbox: sandbox.describe(),
      shimPid: String(process.pid),
      containers: this.#containersOf(sandbox)
        .map(({ id }) => id)
        .join(' '),
    };
  }

  #find(id: string): Sandbox {
    if (this.#sandbox?.id !== id) throw notFound(`sandbox ${id}`);
    return this.#sandbox;
  }
}

function isRuntimeOptions(options: AnyValue): boolean {
  return runtimeOptionTypes.has(lastSegment(options.typeUrl));
}

/** Undefined where the daemon was given none, as by the CRI. @throws SystemError; Error when it is no JSON object */
function readSpec(bundle: string): OciSpec | undefined {
  try {
    return new Bundle(bundle).readSpec();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function exitFields(exit: ProcessExit | undefined): MessageInput<WaitSandboxResponse> {
  if (exit === undefined) return { exitStatus: 0, exitedAt: zeroTime };
  return { exitStatus: exit.status, exitedAt: timestampOf({ milliseconds: exit.at }) };
}
