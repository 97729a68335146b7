import {
  CheckpointTaskRequest,
  CloseIORequest,
  ConnectRequest,
  ConnectResponse,
  CreateTaskRequest,
  CreateTaskResponse,
  DeleteRequest,
  DeleteResponse,
  Empty,
  ExecProcessRequest,
  KillRequest,
  type MessageInput,
  type MessageType,
  PauseRequest,
  PidsRequest,
  PidsResponse,
  ResizePtyRequest,
  ResumeRequest,
  ShutdownRequest,
  StartRequest,
  StartResponse,
  StateRequest,
  StateResponse,
  StatsRequest,
  StatsResponse,
  UpdateTaskRequest,
  WaitRequest,
  WaitResponse,
} from '../../src/proto/messages.ts';
import { type CallOptions, Client } from '../../src/ttrpc/client.ts';

export const TASK_V2 = 'containerd.task.v2.Task';
export const TASK_V3 = 'containerd.task.v3.Task';

/** An exec to be added: its OCI process, and its stdio. */
export interface ExecInput {
  readonly id: string;
  readonly execId: string;
  readonly args: readonly string[];
  readonly terminal?: boolean;
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly process?: Readonly<Record<string, unknown>>;
}

/** The Task API of one shim over one connection. Calls fail as those of Client do. */
export class ShimClient {
  readonly client: Client;
  readonly service: string;
  /** The stderr of a process that is given a stdout and no stderr, which some shims refuse. */
  stderrIfNone = '';

  constructor(client: Client, service: string = TASK_V2) {
    this.client = client;
    this.service = service;
  }

  static async connect(path: string, service: string = TASK_V2): Promise<ShimClient> {
    return new ShimClient(await Client.connect(path), service);
  }

  async call<Request, Response>(
    method: string,
    requestType: MessageType<Request>,
    responseType: MessageType<Response>,
    request: MessageInput<Request>,
    options: CallOptions = {},
  ): Promise<Response> {
    const payload = requestType.encode(request).finish();
    return responseType.decode(await this.client.call(this.service, method, payload, options));
  }

  create(request: MessageInput<CreateTaskRequest>, options?: CallOptions) {
    const whole = this.#withStderr(request);
    return this.call('Create', CreateTaskRequest, CreateTaskResponse, whole, options);
  }

  start(id: string, execId = '') {
    return this.call('Start', StartRequest, StartResponse, { id, execId });
  }

  state(id: string, execId = '') {
    return this.call('State', StateRequest, StateResponse, { id, execId });
  }

  wait(id: string, execId = '') {
    return this.call('Wait', WaitRequest, WaitResponse, { id, execId });
  }

  delete(id: string, execId = '') {
    return this.call('Delete', DeleteRequest, DeleteResponse, { id, execId });
  }

  kill(id: string, signal: number, { execId = '', all = false } = {}) {
    return this.call('Kill', KillRequest, Empty, { id, execId, signal, all });
  }

  exec({ id, execId, args, terminal = false, process = {}, ...paths }: ExecInput) {
    const environment = ['PATH=/bin', 'TERM=xterm'];
    const json = { cwd: '/', env: environment, user: { uid: 0, gid: 0 }, args, ...process };
    const spec = {
      typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
      value: new TextEncoder().encode(JSON.stringify(json)),
    };
    return this.execRaw(this.#withStderr({ id, execId, terminal, spec, ...paths }));
  }

  execRaw(request: MessageInput<ExecProcessRequest>) {
    return this.call('Exec', ExecProcessRequest, Empty, request);
  }

  pids(id: string) {
    return this.call('Pids', PidsRequest, PidsResponse, { id });
  }

  pause(id: string) {
    return this.call('Pause', PauseRequest, Empty, { id });
  }

  resume(id: string) {
    return this.call('Resume', ResumeRequest, Empty, { id });
  }

  /** @param resources OCI LinuxResources */
  update(id: string, resources: Readonly<Record<string, unknown>>) {
    const value = new TextEncoder().encode(JSON.stringify(resources));
    const typeUrl = 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources';
    return this.call('Update', UpdateTaskRequest, Empty, { id, resources: { typeUrl, value } });
  }

  checkpoint(id: string, path: string, options?: { typeUrl: string; value: Uint8Array }) {
    return this.call('Checkpoint', CheckpointTaskRequest, Empty, { id, path, options });
  }

  resizePty(id: string, width: number, height: number, execId = '') {
    return this.call('ResizePty', ResizePtyRequest, Empty, { id, execId, width, height });
  }

  closeIo(id: string, execId = '') {
    return this.call('CloseIO', CloseIORequest, Empty, { id, execId, stdin: true });
  }

  stats(id: string) {
    return this.call('Stats', StatsRequest, StatsResponse, { id });
  }

  connectTask(id: string) {
    return this.call('Connect', ConnectRequest, ConnectResponse, { id });
  }

  shutdown(id: string) {
    return this.call('Shutdown', ShutdownRequest, Empty, { id });
  }

  close(): void {
    this.client.close();
  }

  #withStderr<Request extends { stdout?: string | undefined; stderr?: string | undefined }>(
    request: Request,
  ): Request {
    const { stdout = '', stderr = '' } = request;
    return stdout === '' || stderr !== '' ? request : { ...request, stderr: this.stderrIfNone };
  }
}
