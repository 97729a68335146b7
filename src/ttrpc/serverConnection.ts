import type { Connection, ConnectionHandlers } from '../platform/runtime.ts';
import { ServerCall } from './call.ts';
import { FrameFlag, type FrameReceiver, FrameType, overLongText } from './frame.ts';
import { output } from './output.ts';
import { Peer } from './peer.ts';
import { emptyBytes } from './protobufCursor.ts';
import { RequestEnvelope } from './requestEnvelope.ts';
import { ActiveStream, type StreamHandler } from './serverStream.ts';
import type { Route, RouteTable, UnaryHandler } from './service.ts';
import { Code, canceled, StatusError, statusOf } from './status.ts';

/** One client's connection: its frames in, its calls in flight, its answers out. */
export class ServerConnection implements ConnectionHandlers, FrameReceiver {
  readonly #peer: Peer;
  readonly #routes: RouteTable;
  readonly #onData: (() => void) | undefined;
  readonly #onClosed: (connection: ServerConnection) => void;
  readonly #envelope = new RequestEnvelope();
  readonly #calls = new Map<number, ServerCall>();
  readonly #streams = new Map<number, ActiveStream>();
  #lastStreamId = 0;

  constructor(
    connection: Connection,
    routes: RouteTable,
    onData: (() => void) | undefined,
    onClosed: (connection: ServerConnection) => void,
  ) {
    this.#peer = new Peer(connection, this);
    this.#routes = routes;
    this.#onData = onData;
    this.#onClosed = onClosed;
  }

  /** Calls whose handler has not answered yet. */
  *inFlight(): Iterable<ServerCall> {
    yield* this.#calls.values();
    for (const stream of this.#streams.values()) yield stream.call;
  }

  /** Sends what is waiting, then closes. */
  end(): void {
    this.#peer.end();
  }

  destroy(): void {
    this.#peer.destroy();
  }

  data(bytes: Uint8Array): void {
    this.#onData?.();
    this.#peer.data(bytes);
  }

  drain(): void {
    this.#peer.drained();
  }

  closed(): void {
    this.#peer.markClosed();
    const calls = [...this.inFlight()];
    this.#calls.clear();
    this.#streams.clear();
    this.#onClosed(this);
    for (const call of calls) call.cancel(canceled());
  }

  overLong(streamId: number, length: number): void {
    this.#fail(streamId, new StatusError(Code.ResourceExhausted, overLongText(length)));
  }

  frame(
    streamId: number,
    type: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (streamId % 2 !== 1) {
      this.#refuse(streamId, 'StreamID must be odd for client initiated streams');
    } else if (type === FrameType.request) {
      this.#request(streamId, flags, bytes, start, end);
    } else if (type === FrameType.data) {
      this.#streamData(streamId, flags, bytes, start, end);
    }
  }

  #request(streamId: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId <= this.#lastStreamId) {
      this.#refuse(streamId, 'StreamID cannot be re-used and must increment');
      return;
    }
    this.#lastStreamId = streamId;
    const envelope = this.#envelope;
    try {
      envelope.read(bytes, start, end);
    } catch (error) {
      this.#refuse(streamId, `unmarshal request error: ${statusOf(error).message}`);
      return;
    }
    try {
      const route = this.#route(envelope);
      if (route.unary !== undefined) this.#unary(streamId, route, route.unary);
      else if (route.stream !== undefined) this.#openStream(streamId, flags, route, route.stream);
    } catch (error) {
      this.#fail(streamId, statusOf(error));
    }
    envelope.release();
  }

  #route(envelope: RequestEnvelope): Route {
    const known = this.#routes.find(envelope.route);
    if (known !== undefined) return known;
    envelope.readNames();
    return this.#routes.lookup(envelope.service, envelope.method);
  }

  #unary(streamId: number, route: Route, handler: UnaryHandler): void {
    const call = new ServerCall(route.service, route.method, this.#envelope, this.#peer);
    const answer = handler(this.#envelope.payload(), call);
    if (answer instanceof Uint8Array) {
      call.finish();
      output.success(this.#peer, streamId, answer);
      return;
    }
    answer.then(
      (payload) => {
        if (this.#settled(streamId, call)) output.success(this.#peer, streamId, payload);
      },
      (error: unknown) => {
        if (this.#settled(streamId, call)) this.#fail(streamId, statusOf(error));
      },
    );
    call.keep();
    this.#calls.set(streamId, call);
  }

  /** @returns whether there is still someone to answer. */
  #settled(streamId: number, call: ServerCall): boolean {
    call.finish();
    return this.#calls.delete(streamId);
  }

  #openStream(streamId: number, flags: number, route: Route, handler: StreamHandler): void {
    const envelope = this.#envelope;
    const call = new ServerCall(route.service, route.method, envelope, this.#peer);
    const stream = new ActiveStream(this.#peer, streamId, call, handler, this.#stalled);
    if (envelope.hasPayload || !handler.clientStreaming) stream.take(envelope.payload());
    if (!handler.clientStreaming || (flags & FrameFlag.remoteClosed) !== 0) stream.remoteClosed();
    call.keep();
    this.#streams.set(streamId, stream);
    this.#runStream(stream).catch((error: unknown) => {
      if (this.#streams.delete(streamId)) stream.fail(statusOf(error));
      call.finish();
    });
  }

  async #runStream(stream: ActiveStream): Promise<void> {
    const result = await stream.handler.handle(stream);
    if (!this.#streams.has(stream.id)) return;
    // May throw for a result that is too long: the stream is still there then, to be failed.
    stream.finish(result);
    this.#streams.delete(stream.id);
    stream.call.finish();
  }

  #streamData(
    streamId: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#refuse(streamId, 'StreamID is no longer active');
      return;
    }
    const closes = (flags & FrameFlag.remoteClosed) !== 0;
    if (closes && end > start) {
      this.#breakStream(stream, 'data close message cannot include data');
      return;
    }
    if ((flags & FrameFlag.noData) === 0) {
      const message = start === end ? emptyBytes : bytes.slice(start, end);
      if (!stream.take(message)) {
        this.#breakStream(stream, 'data handling error: ttrpc: stream closed');
        return;
      }
    }
    if (closes) stream.remoteClosed();
  }

  readonly #stalled = (stream: ActiveStream): void => {
    this.#breakStream(stream, 'data handling error: ttrpc: stream buffer full');
  };

  /** The client broke the rules of one stream: it ends for both sides, and the handler is told. */
  #breakStream(stream: ActiveStream, text: string): void {
    if (!this.#streams.delete(stream.id)) return;
    const failure = new StatusError(Code.InvalidArgument, text);
    stream.fail(failure);
    stream.call.cancel(failure);
  }

  #refuse(streamId: number, text: string): void {
    this.#fail(streamId, new StatusError(Code.InvalidArgument, text));
  }

  #fail(streamId: number, failure: StatusError): void {
    output.failure(this.#peer, streamId, failure);
  }
}
