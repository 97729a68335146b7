import {
  CreateSandboxRequest,
  CreateSandboxResponse,
  type MessageInput,
  type MessageType,
  PingSandboxRequest,
  PingSandboxResponse,
  SandboxMetricsRequest,
  SandboxMetricsResponse,
  SandboxPlatformRequest,
  SandboxPlatformResponse,
  SandboxStatusRequest,
  SandboxStatusResponse,
  ShutdownSandboxRequest,
  ShutdownSandboxResponse,
  StartSandboxRequest,
  StartSandboxResponse,
  StopSandboxRequest,
  StopSandboxResponse,
  WaitSandboxRequest,
  WaitSandboxResponse,
} from '../../src/proto/messages.ts';
import type { CallOptions, Client } from '../../src/ttrpc/client.ts';

/** The sandbox API of one shim, on a connection that may serve the Task API as well. */
export class SandboxClient {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  create(request: MessageInput<CreateSandboxRequest>) {
    return this.#call('CreateSandbox', CreateSandboxRequest, CreateSandboxResponse, request);
  }

  start(sandboxId: string) {
    return this.#call('StartSandbox', StartSandboxRequest, StartSandboxResponse, { sandboxId });
  }

  platform(sandboxId: string) {
    return this.#call('Platform', SandboxPlatformRequest, SandboxPlatformResponse, { sandboxId });
  }

  stop(sandboxId: string, timeoutSecs = 0) {
    const request = { sandboxId, timeoutSecs };
    return this.#call('StopSandbox', StopSandboxRequest, StopSandboxResponse, request);
  }

  wait(sandboxId: string, options?: CallOptions) {
    const request = { sandboxId };
    return this.#call('WaitSandbox', WaitSandboxRequest, WaitSandboxResponse, request, options);
  }

  status(sandboxId: string, verbose = false) {
    const request = { sandboxId, verbose };
    return this.#call('SandboxStatus', SandboxStatusRequest, SandboxStatusResponse, request);
  }

  ping(sandboxId: string) {
    return this.#call('PingSandbox', PingSandboxRequest, PingSandboxResponse, { sandboxId });
  }

  shutdown(sandboxId: string) {
    const request = { sandboxId };
    return this.#call('ShutdownSandbox', ShutdownSandboxRequest, ShutdownSandboxResponse, request);
  }

  metrics(sandboxId: string) {
    const request = { sandboxId };
    return this.#call('SandboxMetrics', SandboxMetricsRequest, SandboxMetricsResponse, request);
  }

  async #call<Request, Response>(
    method: string,
    requestType: MessageType<Request>,
    responseType: MessageType<Response>,
    request: MessageInput<Request>,
    options: CallOptions = {},
  ): Promise<Response> {
    const service = 'containerd.runtime.sandbox.v1.Sandbox';
    const payload = requestType.encode(request).finish();
    return responseType.decode(await this.#client.call(service, method, payload, options));
  }
}
