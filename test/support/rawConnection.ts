import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { FrameParser, headerLength, writeHeader } from '../../src/ttrpc/frame.ts';
import { encodeRequest } from '../../src/ttrpc/requestEnvelope.ts';
import { decodeResponse } from '../../src/ttrpc/responseEnvelope.ts';
import type { StatusError } from '../../src/ttrpc/status.ts';

export interface FrameInput {
  readonly streamId: number;
  readonly type?: number;
  readonly flags?: number;
  readonly data?: Uint8Array;
  /** What the header says, if not the length of the data. */
  readonly length?: number;
}

/** A connection on which anything can be sent. */
export class RawConnection {
  /** Resolves when the other side has closed it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #answers = new Map<number, Uint8Array | StatusError>();
  readonly #watchers = new Set<() => void>();
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const parser = new FrameParser({
      frame: (streamId, _type, _flags, bytes, start, end) => {
        this.#answers.set(streamId, decodeResponse(bytes.slice(start, end), 0, end - start));
        this.#changed();
      },
      overLong: () => {},
    });
    socket.on('data', (bytes: Buffer) => parser.push(bytes));
    // Its close event follows.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        this.#changed();
        resolve();
      });
    });
  }

  static async open(path: string): Promise<RawConnection> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** The answer to a stream: the response's payload, or the status that it failed with. */
  answer(streamId: number): Promise<Uint8Array | StatusError> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#answers.get(streamId);
        if (found === undefined && !this.#isClosed) return;
        this.#watchers.delete(look);
        if (found === undefined) reject(new Error(`closed without an answer on ${streamId}`));
        else resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** A frame as it goes over the wire; by default a request without data. */
export function frameBytes({
  streamId,
  type = 1,
  flags = 0,
  data = new Uint8Array(0),
  length = data.length,
}: FrameInput): Uint8Array {
  const bytes = new Uint8Array(headerLength + data.length);
  writeHeader(bytes, 0, length, streamId, type, flags);
  bytes.set(data, headerLength);
  return bytes;
}

/** A whole request frame. */
export function requestBytes(
  streamId: number,
  service: string,
  method: string,
  payload: Uint8Array,
): Uint8Array {
  const data = encodeRequest({ service, method, payload, timeoutNanos: 0, metadata: undefined });
  return frameBytes({ streamId, data });
}
