/** The header of a frame: length (4), stream id (4), type (1), flags (1), numbers big-endian (PROTOCOL.md). */
export const headerLength = 10;

/** The largest data length, header not counted, in both directions. */
export const maximumLength = 4 * 1024 * 1024;

export const FrameType = { request: 1, response: 2, data: 3 } as const;

export const FrameFlag = {
  /** The sender sends no more on this stream. */
  remoteClosed: 1,
  /** A request whose client sends data on this stream. */
  remoteOpen: 2,
  /** A data frame that carries no message at all, not even an empty one. */
  noData: 4,
} as const;

/** The words in which every ttrpc implementation refuses an over-long message. */
export function overLongText(length: number): string {
  return `message length ${length} exceed maximum message size of ${maximumLength}`;
}

export interface FrameReceiver {
  /** One whole frame. Its data is `bytes` from `start` to `end`, valid only during the call. */
  frame(
    streamId: number,
    type: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** The header of a frame that is too long; its data is skipped. */
  overLong(streamId: number, length: number): void;
}

/** Writes a header. The caller has made sure of ten bytes of room. */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  length: number,
  streamId: number,
  type: number,
  flags: number,
): void {
  target[offset] = length >>> 24;
  target[offset + 1] = length >>> 16;
  target[offset + 2] = length >>> 8;
  target[offset + 3] = length;
  target[offset + 4] = streamId >>> 24;
  target[offset + 5] = streamId >>> 16;
  target[offset + 6] = streamId >>> 8;
  target[offset + 7] = streamId;
  target[offset + 8] = type;
  target[offset + 9] = flags;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
  return high * 0x10000 + low;
}

/** Node's sockets give Buffers, whose `slice` is a view and no copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Cuts a byte stream into frames. A frame that lies in one chunk is handed on where it lies; only what crosses chunks
 * is put together, and an over-long frame is never kept.
 */
export class FrameParser {
  readonly #receiver: FrameReceiver;
  readonly #header = new Uint8Array(headerLength);
  /** Bytes of the current header that came in earlier chunks. */
  #headerFilled = 0;
  /** Data of a frame that crosses chunks, its header being complete. */
  #data: Uint8Array | undefined;
  #dataFilled = 0;
  /** Bytes still to come of an over-long frame. */
  #skipping = 0;
  #state: 'running' | 'paused' | 'stopped' = 'running';
  /** Chunks that came, or were left over, while paused. */
  #held: Uint8Array[] = [];

  constructor(receiver: FrameReceiver) {
    this.#receiver = receiver;
  }

  /** Takes the next bytes of the stream. They are not kept after the call, unless the parser is paused: then a copy. */
  push(bytes: Uint8Array): void {
    const chunk = plain(bytes);
    let position = 0;
    const length = chunk.length;
    while (position < length) {
      if (this.#state !== 'running') {
        if (this.#state === 'paused') this.#held.push(chunk.slice(position));
        return;
      }
      if (this.#skipping > 0) {
        const skipped = Math.min(this.#skipping, length - position);
        this.#skipping -= skipped;
        position += skipped;
      } else if (this.#data !== undefined) {
        position = this.#continueData(this.#data, chunk, position);
      } else if (this.#headerFilled === 0 && length - position >= headerLength) {
        position = this.#begin(chunk, position, chunk, position + headerLength, length);
      } else {
        position = this.#continueHeader(chunk, position, length);
      }
    }
  }

  /** Gives out no more frames until `resume`, also none of the chunk that is being parsed. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const held = this.#held;
    this.#held = [];
    for (const chunk of held) this.push(chunk);
  }

  /** Gives out no more frames, and lets go of everything it holds. */
  stop(): void {
    this.#state = 'stopped';
    this.#held = [];
    this.#data = undefined;
  }

  /**
   * A header is complete. @param chunkLength is handed on: asking a typed array for it is a call without a JIT
   * @returns how far `chunk` is read.
   */
  #begin(
    header: Uint8Array,
    at: number,
    chunk: Uint8Array,
    position: number,
    chunkLength: number,
  ): number {
    this.#headerFilled = 0;
    const length = readUint32(header, at);
    if (length > maximumLength) {
      this.#skipping = length;
      this.#receiver.overLong(readUint32(header, at + 4), length);
      return position;
    }
    const end = position + length;
    if (end <= chunkLength) {
      this.#give(header, at, chunk, position, end);
      return end;
    }
    if (header !== this.#header) this.#header.set(header.subarray(at, at + headerLength));
    const data = new Uint8Array(length);
    data.set(chunk.subarray(position));
    this.#data = data;
    this.#dataFilled = chunkLength - position;
    return chunkLength;
  }

  #continueHeader(chunk: Uint8Array, position: number, length: number): number {
    const end = Math.min(position + headerLength - this.#headerFilled, length);
    this.#header.set(chunk.subarray(position, end), this.#headerFilled);
    this.#headerFilled += end - position;
    if (this.#headerFilled < headerLength) return end;
    return this.#begin(this.#header, 0, chunk, end, length);
  }

  #continueData(data: Uint8Array, chunk: Uint8Array, position: number): number {
    const end = Math.min(position + data.length - this.#dataFilled, chunk.length);
    data.set(chunk.subarray(position, end), this.#dataFilled);
    this.#dataFilled += end - position;
    if (this.#dataFilled === data.length) {
      this.#data = undefined;
      this.#give(this.#header, 0, data, 0, data.length);
    }
    return end;
  }

  #give(header: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
    const streamId = readUint32(header, at + 4);
    this.#receiver.frame(streamId, header[at + 8] ?? 0, header[at + 9] ?? 0, bytes, start, end);
  }
}
