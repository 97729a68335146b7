import { Reader } from './generated/protobufReader.ts';
import type { MessageWriter } from './messageWriter.ts';

/**
 * What the generated code in `generated/` stands on: the reader and writer of protobufjs, and the few
 * things it needs beside them. 64-bit integers are bigint, so that none loses its low bits.
 */
export { MessageWriter } from './messageWriter.ts';

/** The two halves of a 64-bit integer, as `Long` has them. The sign of a half does not matter. */
export interface Halves {
  readonly low: number;
  readonly high: number;
}

/** What a 64-bit field can be written from: a number must be a safe integer. */
export type Integer64 = bigint | number | Halves;

/** What can be encoded as a field of type V. */
type InputValue<V> = V extends bigint
  ? Integer64
  : V extends string | number | boolean | Uint8Array
    ? V
    : V extends readonly (infer Element)[]
      ? readonly InputValue<Element>[]
      : V extends object
        ? MessageInput<V>
        : V;

/** A plain object to be encoded: every field is optional. */
export type MessageInput<T> = { readonly [K in keyof T]?: InputValue<T[K]> | undefined };

/** The codec of one message. */
export interface MessageType<T> {
  /** E.g. `containerd.events.TaskExit`, which is also its type URL in an Any. */
  readonly fullName: string;
  /** `encode(message).finish()` gives the bytes. Fields left out, and fields with their default, are not written. */
  encode(message: MessageInput<T>, writer?: MessageWriter): MessageWriter;
  /**
   * Reads a message; unknown fields are skipped. `bytes` fields are views into `source`.
   * @throws Error on malformed input.
   */
  decode(source: Uint8Array | Reader, length?: number): T;
}

export const emptyBytes = new Uint8Array(0);

export function readerOf(source: Uint8Array | Reader): Reader {
  return source instanceof Reader ? source : new Reader(source);
}

/** Limits the reader to the next `length` bytes. @returns the limit to set again afterwards. */
export function enter(reader: Reader, length: number | undefined): number {
  const outer = reader.len;
  if (length === undefined) return outer;
  const end = reader.pos + length;
  if (end > outer) throw new RangeError('message is longer than what contains it');
  reader.len = end;
  return outer;
}

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a string. The reader's own method goes byte by byte below 64 bytes, which is five times slower without a JIT.
 * @throws TypeError on invalid UTF-8.
 */
export function readString(reader: Reader): string {
  const length = reader.size();
  if (length === 0) return '';
  const start = reader.pos;
  const end = start + length;
  if (end > reader.len) throw new RangeError('string is longer than what contains it');
  reader.pos = end;
  // No view: JavaScriptCore would give the array a buffer object for it, which takes longer than the copy.
  return textDecoder.decode(reader.buf.slice(start, end));
}

export function skip(reader: Reader, tag: number): void {
  reader.skipType(tag & 7, 0, tag >>> 3);
}

export function readMapEntry(reader: Reader, map: Record<string, string>): void {
  const outer = enter(reader, reader.size());
  let key = '';
  let value = '';
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) key = readString(reader);
    else if (tag === 18) value = readString(reader);
    else skip(reader, tag);
  }
  reader.len = outer;
  // A plain assignment of `__proto__` would set the prototype instead of an entry.
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}

/** @throws RangeError when the message ends in the middle, or after ten bytes that all say that another follows. */
export function readUnsigned64(reader: Reader): bigint {
  const { buf, len } = reader;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (reader.pos >= len) throw new RangeError('varint is truncated');
    const byte = buf[reader.pos] ?? 0;
    reader.pos += 1;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift > 28) high |= bits << (shift - 32);
    else {
      low |= bits << 28;
      high = bits >>> 4;
    }
    if (byte < 128) {
      return high === 0 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
  }
  throw new RangeError('varint is too long');
}

export function readSigned64(reader: Reader): bigint {
  return BigInt.asIntN(64, readUnsigned64(reader));
}
