import { emptyBytes, ProtobufCursor } from './protobufCursor.ts';
import { ByteWriter, putUnsigned, sizeOfBytes, sizeOfUnsigned } from './protobufWriter.ts';
import { codeOf, StatusError } from './status.ts';

const field = { status: 0x0a, payload: 0x12 };
const statusField = { code: 0x08, message: 0x12 };

/**
 * Bytes of the envelope of a success. An empty payload is left out, and then nothing remains (contract 4.3).
 *
 * @param length of the payload: asking a typed array for it is a call without a JIT, and once is enough
 */
export function sizeOfSuccess(length: number): number {
  return length === 0 ? 0 : 1 + sizeOfUnsigned(length) + length;
}

/** Writes the envelope of a success: `sizeOfSuccess` bytes. */
export function putSuccess(
  target: Uint8Array,
  offset: number,
  payload: Uint8Array,
  length: number,
): void {
  if (length === 0) return;
  target[offset] = field.payload;
  target.set(payload, putUnsigned(target, offset + 1, length));
}

/** The envelope of a failure. It has no payload: Go's client would parse that before it looks at the status. */
export function encodeFailure(failure: StatusError): Uint8Array {
  const message = new TextEncoder().encode(failure.message);
  const hasMessage = message.length > 0;
  const size = 1 + sizeOfUnsigned(failure.code) + (hasMessage ? sizeOfBytes(message) : 0);
  const writer = new ByteWriter(1 + sizeOfUnsigned(size) + size);
  writer.unsigned(field.status, size);
  writer.unsigned(statusField.code, failure.code);
  if (hasMessage) writer.bytes(statusField.message, message);
  return writer.target;
}

/**
 * Reads the response message of PROTOCOL.md.
 * @returns the payload, as bytes of its own, or the failure.
 * @throws MalformedMessageError
 */
export function decodeResponse(
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array | StatusError {
  const cursor = new ProtobufCursor();
  cursor.reset(bytes, start, end);
  let payload = emptyBytes;
  let failure: StatusError | undefined;
  while (!cursor.atEnd) {
    const tag = cursor.tag();
    if (tag === field.payload) {
      cursor.delimited();
      payload = bytes.slice(cursor.start, cursor.end);
    } else if (tag === field.status) {
      cursor.delimited();
      failure = decodeStatus(bytes, cursor.start, cursor.end);
    } else {
      cursor.skip(tag);
    }
  }
  return failure === undefined || failure.code === 0 ? payload : failure;
}

function decodeStatus(bytes: Uint8Array, start: number, end: number): StatusError {
  const cursor = new ProtobufCursor();
  cursor.reset(bytes, start, end);
  let code = 0;
  let message = '';
  while (!cursor.atEnd) {
    const tag = cursor.tag();
    if (tag === statusField.code) code = cursor.signed();
    else if (tag === statusField.message) message = cursor.text();
    else cursor.skip(tag);
  }
  return new StatusError(codeOf(code), message);
}
