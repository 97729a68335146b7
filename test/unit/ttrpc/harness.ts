import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Connection,
  type ConnectionHandlers,
  platform,
} from '../../../src/platform/runtime.ts';
import { listenUnix } from '../../../src/posix/sockets.ts';
import { Client } from '../../../src/ttrpc/client.ts';
import { FrameParser, headerLength, writeHeader } from '../../../src/ttrpc/frame.ts';
import { Server, type ServerOptions } from '../../../src/ttrpc/server.ts';

/** What a test works with; `close` leaves nothing behind. */
export interface Running {
  readonly path: string;
  readonly server: Server;
  readonly client: Client;
  close(): Promise<void>;
}

/** A server on a socket of its own, and a client of it. */
export async function start(options: ServerOptions): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-ttrpc-'));
  const path = join(directory, 's');
  const server = new Server(options);
  server.serve(listenUnix(path, 16));
  const client = await Client.connect(path);
  return {
    path,
    server,
    client,
    async close() {
      client.close();
      await server.close();
      rmSync(directory, { recursive: true });
    },
  };
}

export interface RawFrame {
  readonly streamId: number;
  readonly type: number;
  readonly flags: number;
  readonly data: Uint8Array;
}

/** A client that can break the rules. */
export class RawClient {
  readonly connection: Connection;
  readonly closed: Promise<void>;
  readonly #frames: RawFrame[];
  readonly #waiting: ((frame: RawFrame) => void)[];

  private constructor(connection: Connection, state: RawState, closed: Promise<void>) {
    this.connection = connection;
    this.#frames = state.frames;
    this.#waiting = state.waiting;
    this.closed = closed;
  }

  static async connect(path: string): Promise<RawClient> {
    const state: RawState = { frames: [], waiting: [] };
    const parser = new FrameParser({
      frame(streamId, type, flags, bytes, start, end) {
        const frame = { streamId, type, flags, data: bytes.slice(start, end) };
        const waiting = state.waiting.shift();
        if (waiting === undefined) state.frames.push(frame);
        else waiting(frame);
      },
      overLong() {},
    });
    const handlers: ConnectionHandlers = {
      data: (bytes) => parser.push(bytes),
      drain() {},
      closed() {},
    };
    const closed = new Promise<void>((resolve) => {
      handlers.closed = resolve;
    });
    return new RawClient(await platform.connect(path, handlers), state, closed);
  }

  send(streamId: number, type: number, flags: number, data: Uint8Array): void {
    const bytes = new Uint8Array(headerLength + data.length);
    writeHeader(bytes, 0, data.length, streamId, type, flags);
    bytes.set(data, headerLength);
    this.connection.write(bytes);
  }

  receive(): Promise<RawFrame> {
    const frame = this.#frames.shift();
    return frame === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(frame);
  }
}

interface RawState {
  readonly frames: RawFrame[];
  readonly waiting: ((frame: RawFrame) => void)[];
}

/** A promise, and the handle to settle it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
