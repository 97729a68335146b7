import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import {
  CreateTaskResponse,
  DeleteRequest,
  DeleteResponse,
  Empty,
  Envelope,
  KillRequest,
  type MessageInput,
  type MessageType,
  StartRequest,
  StartResponse,
  TaskExit,
} from '../../src/proto/messages.ts';

const TASKS = '/containerd.services.tasks.v1.Tasks';
const VERSION = '/containerd.services.version.v1.Version/Version';
const SUBSCRIBE = '/containerd.services.events.v1.Events/Subscribe';
const LIMIT_MILLISECONDS = 5 * 60_000;

/**
 * A client of containerd's own API, one connection for all calls, so that what is timed has no `ctr` in it. The messages
 * are those of the shim's service where both have the same fields on the wire.
 */
export class DaemonClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #exits = new Map<string, (milliseconds: number) => void>();
  readonly #events: ClientReadableStream<Envelope>;
  #lastEvent = 0;

  constructor(socket: string, namespace: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure());
    this.#metadata.set('containerd-namespace', namespace);
    this.#events = this.#client.makeServerStreamRequest(
      SUBSCRIBE,
      () => Buffer.alloc(0),
      (bytes) => Envelope.decode(bytes),
      undefined,
      this.#metadata,
    );
    this.#events.on('data', (envelope: Envelope) => this.#take(envelope));
    // It ends with the daemon, or when it is cancelled.
    this.#events.on('error', () => {});
  }

  /** Whether an event of any kind was seen: then the subscription works. */
  get hasSeenEvents(): boolean {
    return this.#lastEvent > 0;
  }

  /** Makes the task of a container whose root file system needs no mounts, without stdio. */
  createTask(id: string) {
    return this.#call(`${TASKS}/Create`, StartRequest, CreateTaskResponse, { id });
  }

  startTask(id: string) {
    return this.#call(`${TASKS}/Start`, StartRequest, StartResponse, { id });
  }

  killTask(id: string, signal = 9) {
    return this.#call(`${TASKS}/Kill`, KillRequest, Empty, { id, signal });
  }

  deleteTask(id: string) {
    return this.#call(`${TASKS}/Delete`, DeleteRequest, DeleteResponse, { id });
  }

  /** A call that does nothing, for the price of calls. */
  ping() {
    return this.#call(VERSION, Empty, Empty, {});
  }

  /** When the TaskExit of this container came, on the clock of `performance.now()`. Ask before it can come. */
  exitOf(id: string): Promise<number> {
    return new Promise((resolve) => this.#exits.set(id, resolve));
  }

  close(): void {
    this.#events.cancel();
    this.#client.close();
  }

  #take({ event }: Envelope): void {
    this.#lastEvent = performance.now();
    if (event?.typeUrl !== TaskExit.fullName) return;
    const { containerId, id } = TaskExit.decode(event.value);
    if (id === containerId) this.#exits.get(containerId)?.(this.#lastEvent);
  }

  #call<Request, Response>(
    path: string,
    requestType: MessageType<Request>,
    responseType: MessageType<Response>,
    request: MessageInput<Request>,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (value: MessageInput<Request>) => Buffer.from(requestType.encode(value).finish()),
        (bytes) => responseType.decode(bytes),
        request,
        this.#metadata,
        { deadline: Date.now() + LIMIT_MILLISECONDS },
        (error, response) => {
          if (error === null && response !== undefined) resolve(response);
          else reject(error);
        },
      );
    });
  }
}
