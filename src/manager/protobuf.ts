/**
 * As much of protobuf's wire format as a helper needs: it decodes one small message and answers
 * with another. Loading protobufjs for that costs as much time as half of the whole `start`.
 */

/** A field's value: the low 32 bits, signed, of a number, or a length-delimited field's bytes. */
export type FieldValue = number | Uint8Array;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Calls `visit` for each field of a message, in order; fixed-width fields are skipped.
 *
 * @throws Error when the bytes are no message.
 */
export function readFields(
  message: Uint8Array,
  visit: (number: number, value: FieldValue) => void,
): void {
  const cursor = { message, offset: 0 };
  while (cursor.offset < message.length) {
    const tag = readVarint(cursor) >>> 0;
    const number = tag >>> 3;
    if (number === 0) {
      throw new Error('protobuf: field number 0');
    }
    switch (tag & 7) {
      case VARINT:
        visit(number, readVarint(cursor));
        break;
      case BYTES:
        visit(number, take(cursor, readVarint(cursor)));
        break;
      case FIXED_64:
        take(cursor, 8);
        break;
      case FIXED_32:
        take(cursor, 4);
        break;
      default:
        throw new Error(`protobuf: wire type ${tag & 7}`);
    }
  }
}

/** @throws Error when the field is no string. */
export function stringOf(value: FieldValue): string {
  return decoder.decode(bytesOf(value));
}

/** @throws Error when the field is not length-delimited. */
export function bytesOf(value: FieldValue): Uint8Array {
  if (typeof value === 'number') {
    throw new Error('protobuf: a number where bytes should be');
  }
  return value;
}

/** @throws Error when the field is no number. */
export function numberOf(value: FieldValue): number {
  if (typeof value !== 'number') {
    throw new Error('protobuf: bytes where a number should be');
  }
  return value;
}

/** A number field; 0 is not written. `value` is a non-negative safe integer. */
export function numberField(number: number, value: number): readonly number[] {
  return value === 0 ? [] : [...varint(number * 8 + VARINT), ...varint(value)];
}

/** A string field; the empty string is not written. */
export function stringField(number: number, value: string): readonly number[] {
  return value === '' ? [] : messageField(number, encoder.encode(value));
}

/** A field holding a message, written even when that is empty. */
export function messageField(number: number, value: Iterable<number>): readonly number[] {
  const bytes = [...value];
  return [...varint(number * 8 + BYTES), ...varint(bytes.length), ...bytes];
}

interface Cursor {
  readonly message: Uint8Array;
  offset: number;
}

/** @returns the low 32 bits, signed. A negative int32 comes as ten bytes. */
function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.message[cursor.offset];
    if (byte === undefined) {
      throw new Error('protobuf: message ends inside a number');
    }
    cursor.offset++;
    if (shift < 32) {
      value |= (byte & 0x7f) << shift;
    }
    if (byte < 0x80) {
      return value;
    }
  }
  throw new Error('protobuf: number longer than ten bytes');
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.offset + length;
  if (length < 0 || end > cursor.message.length) {
    throw new Error('protobuf: message ends inside a field');
  }
  const bytes = cursor.message.subarray(cursor.offset, end);
  cursor.offset = end;
  return bytes;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
