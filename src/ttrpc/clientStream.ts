import { FrameFlag, FrameType } from './frame.ts';
import { MessageQueue } from './messageQueue.ts';
import { output } from './output.ts';
import type { Peer } from './peer.ts';
import { emptyBytes } from './protobufCursor.ts';
import { decodeResponse } from './responseEnvelope.ts';
import { Code, canceled, StatusError } from './status.ts';

/** The client's end of a streaming call. */
export interface ClientStream {
  /**
   * The next message; undefined when there are no more. A method that does not stream to the client gives its
   * response as the only message.
   * @throws StatusError the server's, ConnectionClosedError
   */
  receive(): Promise<Uint8Array | undefined>;
  /** @throws StatusError when the client's side is closed, or the message is too long. */
  send(message: Uint8Array): void;
  /** Resolves when the server has taken enough for more to be sent. */
  flushed(): Promise<void>;
  /** The client sends no more. */
  closeSend(): void;
  /** Gives up on the stream. The server is not told: the protocol has no word for it. */
  abandon(): void;
}

interface StreamKind {
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  /** The stream is over. */
  forget(): void;
}

/** A streaming call as the client keeps it. */
export class PendingStream implements ClientStream {
  readonly #peer: Peer;
  readonly #id: number;
  readonly #received: MessageQueue;
  readonly #serverStreaming: boolean;
  readonly #forget: () => void;
  #sendClosed: boolean;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: Peer, id: number, { clientStreaming, serverStreaming, forget }: StreamKind) {
    this.#peer = peer;
    this.#id = id;
    this.#sendClosed = !clientStreaming;
    this.#serverStreaming = serverStreaming;
    this.#forget = forget;
    this.#received = new MessageQueue(() =>
      this.fail(new StatusError(Code.ResourceExhausted, 'ttrpc: stream buffer full')),
    );
  }

  receive(): Promise<Uint8Array | undefined> {
    return this.#received.receive();
  }

  send(message: Uint8Array): void {
    this.#checkOpen();
    output.frame(this.#peer, this.#id, FrameType.data, 0, message);
  }

  flushed(): Promise<void> {
    return this.#peer.flushed();
  }

  closeSend(): void {
    this.#checkOpen();
    this.#sendClosed = true;
    const flags = FrameFlag.remoteClosed | FrameFlag.noData;
    output.frame(this.#peer, this.#id, FrameType.data, flags, emptyBytes);
  }

  abandon(): void {
    this.fail(canceled());
  }

  failAfter(milliseconds: number, reason: StatusError): void {
    this.#deadline = setTimeout(() => this.fail(reason), milliseconds);
  }

  /** A data frame of the server. */
  take(flags: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#serverStreaming) {
      this.fail(new StatusError(Code.Internal, 'received data from non-streaming server'));
      return;
    }
    if ((flags & FrameFlag.noData) === 0) {
      this.#received.push(start === end ? emptyBytes : bytes.slice(start, end));
    }
    if ((flags & FrameFlag.remoteClosed) !== 0) this.#finish();
  }

  /** The response frame of the server, which ends the stream. */
  takeResponse(bytes: Uint8Array, start: number, end: number): void {
    const response = decodeResponse(bytes, start, end);
    if (response instanceof StatusError) {
      this.fail(response);
      return;
    }
    this.#received.push(response);
    this.#finish();
  }

  fail(reason: Error): void {
    this.#received.fail(reason);
    this.#finish();
  }

  #finish(): void {
    if (this.#deadline !== undefined) clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#sendClosed = true;
    this.#received.end();
    this.#forget();
  }

  #checkOpen(): void {
    if (this.#sendClosed) throw new StatusError(Code.Unknown, 'ttrpc: stream closed');
  }
}
