import { FrameType, headerLength, maximumLength, overLongText, writeHeader } from './frame.ts';
import { encodeFailure, putSuccess, sizeOfSuccess } from './responseEnvelope.ts';
import { Code, StatusError } from './status.ts';

/** Where frames go: one connection. */
export interface FrameTarget {
  /** Takes the bytes; they may be overwritten after the call. */
  transmit(bytes: Uint8Array): void;
}

const capacity = 16 * 1024;

/**
 * Builds frames in one buffer for all connections. Frames for one connection that come while a chunk is parsed, or in
 * one turn of the event loop, leave in one write.
 */
export class Output {
  readonly #buffer = new Uint8Array(capacity);
  #length = 0;
  #target: FrameTarget | undefined;
  #nesting = 0;
  #scheduled = false;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  /** Frames are held until the matching `leave`. */
  enter(): void {
    this.#nesting += 1;
  }

  leave(): void {
    this.#nesting -= 1;
    if (this.#nesting === 0) this.flush();
  }

  flush(): void {
    const target = this.#target;
    const length = this.#length;
    this.#target = undefined;
    this.#length = 0;
    if (target !== undefined && length > 0) target.transmit(this.#buffer.subarray(0, length));
  }

  /** Drops what waits for a connection that is gone. */
  forget(target: FrameTarget): void {
    if (this.#target !== target) return;
    this.#target = undefined;
    this.#length = 0;
  }

  /** @throws StatusError ResourceExhausted when the data is too long; nothing is sent then. */
  frame(
    target: FrameTarget,
    streamId: number,
    type: number,
    flags: number,
    data: Uint8Array,
  ): void {
    if (data.length > maximumLength) {
      throw new StatusError(Code.ResourceExhausted, overLongText(data.length));
    }
    const size = headerLength + data.length;
    if (size > capacity) {
      const bytes = new Uint8Array(size);
      writeHeader(bytes, 0, data.length, streamId, type, flags);
      bytes.set(data, headerLength);
      this.#bypass(target, bytes);
      return;
    }
    const offset = this.#reserve(target, size);
    writeHeader(this.#buffer, offset, data.length, streamId, type, flags);
    this.#buffer.set(data, offset + headerLength);
  }

  /** Answers a call. A payload that is too long becomes an error: closing the connection would kill containers. */
  success(target: FrameTarget, streamId: number, payload: Uint8Array): void {
    const payloadLength = payload.length;
    const length = sizeOfSuccess(payloadLength);
    if (length > maximumLength) {
      this.failure(target, streamId, new StatusError(Code.ResourceExhausted, overLongText(length)));
      return;
    }
    const size = headerLength + length;
    if (size > capacity) {
      const bytes = new Uint8Array(size);
      writeHeader(bytes, 0, length, streamId, FrameType.response, 0);
      putSuccess(bytes, headerLength, payload, payloadLength);
      this.#bypass(target, bytes);
      return;
    }
    const offset = this.#reserve(target, size);
    writeHeader(this.#buffer, offset, length, streamId, FrameType.response, 0);
    putSuccess(this.#buffer, offset + headerLength, payload, payloadLength);
  }

  /** Answers a call with an error. */
  failure(target: FrameTarget, streamId: number, failure: StatusError): void {
    const data = encodeFailure(failure);
    const fitting = data.length <= maximumLength ? data : encodeFailure(shortened(failure));
    this.frame(target, streamId, FrameType.response, 0, fitting);
  }

  #reserve(target: FrameTarget, size: number): number {
    if (this.#target !== target || this.#length + size > capacity) this.flush();
    this.#target = target;
    const offset = this.#length;
    this.#length += size;
    if (this.#nesting === 0 && !this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#flushLater);
    }
    return offset;
  }

  #bypass(target: FrameTarget, bytes: Uint8Array): void {
    this.flush();
    target.transmit(bytes);
  }
}

function shortened(failure: StatusError): StatusError {
  return new StatusError(failure.code, `${failure.message.slice(0, 4096)}…`);
}

/** All connections of the process share one: there is one event loop. */
export const output = new Output();
