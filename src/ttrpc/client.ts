import { reasonOf } from '../platform/reason.ts';
import { type Connection, platform } from '../platform/runtime.ts';
import { type ClientStream, PendingStream } from './clientStream.ts';
import { FrameFlag, type FrameReceiver, FrameType, overLongText } from './frame.ts';
import { output } from './output.ts';
import { Peer } from './peer.ts';
import { emptyBytes } from './protobufCursor.ts';
import { encodeRequest, type Metadata } from './requestEnvelope.ts';
import { decodeResponse } from './responseEnvelope.ts';
import { Code, ConnectionClosedError, deadlineExceeded, StatusError } from './status.ts';

export type { ClientStream } from './clientStream.ts';
export { ConnectionClosedError } from './status.ts';

export interface CallOptions {
  /** The limit for the answer. It is sent along, and kept here; 0: none. */
  readonly timeoutNanos?: number;
  readonly metadata?: Metadata;
}

export interface StreamOptions extends CallOptions {
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  /** The first message. A method that does not stream from the client needs one. */
  readonly payload?: Uint8Array;
}

interface PendingCall {
  resolve(payload: Uint8Array): void;
  reject(reason: Error): void;
  deadline: ReturnType<typeof setTimeout> | undefined;
}

const largestStreamId = 0xffff_ffff;
const longestTimerMilliseconds = 0x7fff_ffff;

/** A ttrpc client on one connection. When that is gone the client is over: connect a new one. */
export class Client implements FrameReceiver {
  #peer: Peer | undefined;
  #closed = false;
  #nextId = 1;
  readonly #calls = new Map<number, PendingCall>();
  readonly #streams = new Map<number, PendingStream>();
  #closedListeners: (() => void)[] = [];

  private constructor() {}

  /** @throws an error whose `code` is the errno name (ENOENT, ECONNREFUSED, …). */
  static async connect(path: string): Promise<Client> {
    const client = new Client();
    const connection = await platform.connect(path, {
      data: (bytes) => client.#peer?.data(bytes),
      drain: () => client.#peer?.drained(),
      closed: () => client.#disconnected(),
    });
    client.#attach(connection);
    return client;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The listener is called once; at once if the connection is gone already. */
  onClosed(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closedListeners.push(listener);
  }

  /**
   * @returns the response message.
   * @throws StatusError the server's, DeadlineExceeded, or ResourceExhausted when the request is too long;
   * ConnectionClosedError.
   */
  call(
    service: string,
    method: string,
    payload: Uint8Array,
    { timeoutNanos = 0, metadata }: CallOptions = {},
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const request = encodeRequest({ service, method, payload, timeoutNanos, metadata });
      // A throw in here rejects the promise.
      const id = this.#send(0, request, timeoutNanos);
      const pending: PendingCall = { resolve, reject, deadline: undefined };
      if (timeoutNanos > 0) {
        const fail = (): void => {
          this.#calls.delete(id);
          reject(deadlineExceeded());
        };
        // Timers come before input. Where this process was held up, the answer may have arrived in time: it is read first.
        const lastLook = (): void => {
          pending.deadline = setTimeout(fail, 0);
        };
        pending.deadline = setTimeout(lastLook, timerMilliseconds(timeoutNanos));
      }
      this.#calls.set(id, pending);
    });
  }

  /** @throws StatusError, ConnectionClosedError, as `call`. */
  openStream(service: string, method: string, options: StreamOptions): ClientStream {
    const { clientStreaming, serverStreaming, timeoutNanos = 0, metadata } = options;
    const payload = options.payload ?? (clientStreaming ? undefined : emptyBytes);
    const request = encodeRequest({ service, method, payload, timeoutNanos, metadata });
    const flags = clientStreaming ? FrameFlag.remoteOpen : FrameFlag.remoteClosed;
    const id = this.#send(flags, request, timeoutNanos);
    const stream = new PendingStream(this.#openPeer(), id, {
      clientStreaming,
      serverStreaming,
      forget: () => this.#streams.delete(id),
    });
    if (timeoutNanos > 0) stream.failAfter(timerMilliseconds(timeoutNanos), deadlineExceeded());
    this.#streams.set(id, stream);
    return stream;
  }

  /** Sends what is waiting, and closes. Calls that wait for an answer fail with ConnectionClosedError. */
  close(): void {
    if (this.#closed) return;
    this.#peer?.end();
    this.#fail();
  }

  overLong(streamId: number, length: number): void {
    this.#reject(streamId, new StatusError(Code.ResourceExhausted, overLongText(length)));
  }

  frame(
    streamId: number,
    type: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const call = this.#calls.get(streamId);
    const stream = call === undefined ? this.#streams.get(streamId) : undefined;
    // What is neither belongs to a call that was given up.
    try {
      if (call !== undefined && type === FrameType.response) {
        this.#answer(streamId, call, decodeResponse(bytes, start, end));
      } else if (call !== undefined && type === FrameType.data) {
        this.#reject(streamId, new StatusError(Code.Internal, 'received data for a unary call'));
      } else if (stream !== undefined && type === FrameType.response) {
        stream.takeResponse(bytes, start, end);
      } else if (stream !== undefined && type === FrameType.data) {
        stream.take(flags, bytes, start, end);
      }
    } catch (error) {
      const text = reasonOf(error);
      this.#reject(streamId, new StatusError(Code.Internal, `unmarshal response error: ${text}`));
    }
  }

  #attach(connection: Connection): void {
    this.#peer = new Peer(connection, this);
    if (this.#closed) this.#peer.markClosed();
  }

  #openPeer(): Peer {
    if (this.#peer === undefined || this.#closed) throw new ConnectionClosedError();
    return this.#peer;
  }

  /** @returns the stream id of the request. */
  #send(flags: number, request: Uint8Array, timeoutNanos: number): number {
    const peer = this.#openPeer();
    if (timeoutNanos < 0) throw deadlineExceeded();
    if (this.#nextId > largestStreamId) {
      // Ids cannot start again on one connection.
      this.close();
      throw new ConnectionClosedError();
    }
    output.frame(peer, this.#nextId, FrameType.request, flags, request);
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  #answer(streamId: number, call: PendingCall, response: Uint8Array | StatusError): void {
    this.#calls.delete(streamId);
    if (call.deadline !== undefined) clearTimeout(call.deadline);
    if (response instanceof StatusError) call.reject(response);
    else call.resolve(response);
  }

  #reject(streamId: number, failure: StatusError): void {
    const call = this.#calls.get(streamId);
    if (call !== undefined) this.#answer(streamId, call, failure);
    this.#streams.get(streamId)?.fail(failure);
  }

  /** The connection is gone. */
  #disconnected(): void {
    this.#peer?.markClosed();
    this.#fail();
  }

  #fail(): void {
    if (this.#closed) return;
    this.#closed = true;
    const reason = new ConnectionClosedError();
    for (const call of this.#calls.values()) {
      if (call.deadline !== undefined) clearTimeout(call.deadline);
      call.reject(reason);
    }
    this.#calls.clear();
    for (const stream of [...this.#streams.values()]) stream.fail(reason);
    const listeners = this.#closedListeners;
    this.#closedListeners = [];
    for (const listener of listeners) listener();
  }
}

function timerMilliseconds(nanoseconds: number): number {
  return Math.min(Math.ceil(nanoseconds / 1e6), longestTimerMilliseconds);
}
