import type { Call, ServerCall } from './call.ts';
import { FrameFlag, FrameType } from './frame.ts';
import { MessageQueue } from './messageQueue.ts';
import { output } from './output.ts';
import type { Peer } from './peer.ts';
import { emptyBytes } from './protobufCursor.ts';
import { Code, StatusError } from './status.ts';

/** What a streaming handler works with. */
export interface ServerStream {
  readonly call: Call;
  /** The next message; undefined when the client sends no more. @throws StatusError when the call is cancelled. */
  receive(): Promise<Uint8Array | undefined>;
  /** @throws StatusError when the call is cancelled, the stream is over, or the message is too long. */
  send(message: Uint8Array): void;
  /** Resolves when the client has taken enough for more to be sent. Without it, unread messages pile up here. */
  flushed(): Promise<void>;
}

export interface StreamHandler {
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  /** What it resolves to is the response of a method that does not stream to the client, or one last message. */
  handle(stream: ServerStream): Promise<Uint8Array | undefined>;
}

/** One streaming call as the server keeps it. */
export class ActiveStream implements ServerStream {
  readonly call: ServerCall;
  readonly id: number;
  readonly handler: StreamHandler;
  readonly #peer: Peer;
  readonly #received: MessageQueue;
  #over = false;

  constructor(
    peer: Peer,
    id: number,
    call: ServerCall,
    handler: StreamHandler,
    stalled: (stream: ActiveStream) => void,
  ) {
    this.#peer = peer;
    this.id = id;
    this.call = call;
    this.handler = handler;
    this.#received = new MessageQueue(() => stalled(this));
    call.onCancel((reason) => this.#received.fail(reason));
  }

  receive(): Promise<Uint8Array | undefined> {
    return this.#received.receive();
  }

  send(message: Uint8Array): void {
    if (this.call.reason !== undefined) throw this.call.reason;
    if (this.#over) throw new StatusError(Code.Unknown, 'ttrpc: stream closed');
    output.frame(this.#peer, this.id, FrameType.data, 0, message);
  }

  flushed(): Promise<void> {
    return this.#peer.flushed();
  }

  /** A message of the client. @returns false when it has said that none would come. */
  take(message: Uint8Array): boolean {
    if (!this.#received.isOpen) return false;
    this.#received.push(message);
    return true;
  }

  remoteClosed(): void {
    this.#received.end();
  }

  /** The handler is done. */
  finish(result: Uint8Array | undefined): void {
    this.#close();
    if (!this.handler.serverStreaming) {
      output.success(this.#peer, this.id, result ?? emptyBytes);
    } else if (result === undefined) {
      const flags = FrameFlag.remoteClosed | FrameFlag.noData;
      output.frame(this.#peer, this.id, FrameType.data, flags, emptyBytes);
    } else {
      output.frame(this.#peer, this.id, FrameType.data, FrameFlag.remoteClosed, result);
    }
  }

  /** The stream ends with an error. */
  fail(failure: StatusError): void {
    this.#close();
    this.#received.fail(failure);
    output.failure(this.#peer, this.id, failure);
  }

  #close(): void {
    this.#over = true;
    this.#received.end();
  }
}
