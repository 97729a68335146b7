import { emptyBytes, ProtobufCursor, readText } from './protobufCursor.ts';
import { ByteWriter, sizeOfBytes, sizeOfUnsigned } from './protobufWriter.ts';

/** Call metadata: keys are in lower case, a key can have several values. */
export type Metadata = ReadonlyMap<string, readonly string[]>;

const field = { service: 0x0a, method: 0x12, payload: 0x1a, timeout: 0x20, metadata: 0x2a };
const pairField = { key: 0x0a, value: 0x12 };

/**
 * Service and method as they stand in the bytes of an envelope, `method`'s tag and length between them: one look-up
 * finds the handler. Undefined for names that do not fit in one length byte.
 */
export function routeKey(service: string, method: string): string | undefined {
  const encoder = new TextEncoder();
  const methodLength = encoder.encode(method).length;
  if (encoder.encode(service).length > 127 || methodLength > 127) return undefined;
  return `${service}\x12${String.fromCharCode(methodLength)}${method}`;
}

/**
 * The request message of PROTOCOL.md, read in place. One object reads all requests of a connection: what it shows is
 * valid until the next `read` or `release`.
 */
export class RequestEnvelope {
  readonly #cursor = new ProtobufCursor();
  #bytes: Uint8Array = emptyBytes;
  /** The text of `routeKey`, when the envelope begins as every known client's does; otherwise empty. */
  route = '';
  service = '';
  method = '';
  timeoutNanos = 0;
  /** An empty payload and none are not the same for a stream. */
  hasPayload = false;
  #payloadStart = 0;
  #payloadEnd = 0;
  #metadataStart = 0;
  #metadataEnd = 0;
  #start = 0;

  /** @throws MalformedMessageError */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.service = '';
    this.method = '';
    this.timeoutNanos = 0;
    this.hasPayload = false;
    this.#payloadStart = 0;
    this.#payloadEnd = 0;
    this.#metadataEnd = 0;
    const at = this.#readPayload(this.#readRoute(start, end), end);
    if (at === end) return;
    const cursor = this.#cursor;
    cursor.reset(bytes, at, end);
    while (cursor.position < end) this.#readField(cursor, cursor.position, cursor.tag());
    cursor.release();
  }

  /** The payload, as bytes of their own. */
  payload(): Uint8Array {
    return this.#payloadStart === this.#payloadEnd
      ? emptyBytes
      : this.#bytes.slice(this.#payloadStart, this.#payloadEnd);
  }

  /** Fills in `service` and `method` where only `route` was read. */
  readNames(): void {
    if (this.route === '') return;
    const serviceStart = this.#start + 2;
    const serviceEnd = serviceStart + (this.#bytes[this.#start + 1] ?? 0);
    const methodStart = serviceEnd + 2;
    const methodEnd = methodStart + (this.#bytes[serviceEnd + 1] ?? 0);
    this.route = '';
    this.service = readText(this.#bytes, serviceStart, serviceEnd);
    this.method = readText(this.#bytes, methodStart, methodEnd);
  }

  get hasMetadata(): boolean {
    return this.#metadataEnd > 0;
  }

  /** The part of the envelope that holds the metadata, for `decodeMetadata`: a copy. */
  metadataBytes(): Uint8Array {
    return this.#bytes.slice(this.#metadataStart, this.#metadataEnd);
  }

  /** Lets go of the bytes. */
  release(): void {
    this.#bytes = emptyBytes;
  }

  /** @returns where the fields after service and method begin. */
  #readRoute(start: number, end: number): number {
    this.route = '';
    const bytes = this.#bytes;
    if (end - start < 4 || bytes[start] !== field.service) return start;
    const serviceLength = bytes[start + 1] ?? 128;
    const methodTag = start + 2 + serviceLength;
    if (serviceLength > 127 || methodTag + 2 > end || bytes[methodTag] !== field.method) {
      return start;
    }
    const methodLength = bytes[methodTag + 1] ?? 128;
    const routeEnd = methodTag + 2 + methodLength;
    if (methodLength > 127 || routeEnd > end) return start;
    this.route = readText(bytes, start + 2, routeEnd);
    return routeEnd;
  }

  /** Reads a small payload where nothing stands before it, as nearly always. @returns where the rest begins. */
  #readPayload(at: number, end: number): number {
    const bytes = this.#bytes;
    if (at + 2 > end || bytes[at] !== field.payload) return at;
    const length = bytes[at + 1] ?? 128;
    const start = at + 2;
    if (length > 127 || start + length > end) return at;
    this.hasPayload = true;
    this.#payloadStart = start;
    this.#payloadEnd = start + length;
    return start + length;
  }

  #readField(cursor: ProtobufCursor, at: number, tag: number): void {
    switch (tag) {
      case field.payload:
        cursor.delimited();
        this.hasPayload = true;
        this.#payloadStart = cursor.start;
        this.#payloadEnd = cursor.end;
        return;
      case field.timeout:
        this.timeoutNanos = cursor.signed();
        return;
      case field.metadata:
        cursor.delimited();
        if (this.#metadataEnd === 0) this.#metadataStart = at;
        this.#metadataEnd = cursor.end;
        return;
      case field.service:
        this.readNames();
        this.service = cursor.text();
        return;
      case field.method:
        this.readNames();
        this.method = cursor.text();
        return;
      default:
        cursor.skip(tag);
    }
  }
}

/** @throws MalformedMessageError */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  const metadata = new Map<string, string[]>();
  const fields = new ProtobufCursor();
  const pair = new ProtobufCursor();
  fields.reset(bytes, 0, bytes.length);
  while (!fields.atEnd) {
    const tag = fields.tag();
    if (tag !== field.metadata) {
      fields.skip(tag);
      continue;
    }
    fields.delimited();
    pair.reset(bytes, fields.start, fields.end);
    let key = '';
    let value = '';
    while (!pair.atEnd) {
      const pairTag = pair.tag();
      if (pairTag === pairField.key) key = pair.text().toLowerCase();
      else if (pairTag === pairField.value) value = pair.text();
      else pair.skip(pairTag);
    }
    const values = metadata.get(key);
    if (values === undefined) metadata.set(key, [value]);
    else values.push(value);
  }
  return metadata;
}

export interface RequestFields {
  readonly service: string;
  readonly method: string;
  /** Undefined: the field is absent, which a streaming client uses to send no first message. */
  readonly payload: Uint8Array | undefined;
  readonly timeoutNanos?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

export function encodeRequest(request: RequestFields): Uint8Array {
  const encoder = new TextEncoder();
  const service = encoder.encode(request.service);
  const method = encoder.encode(request.method);
  const { payload, timeoutNanos = 0 } = request;
  const pairs: { key: Uint8Array; value: Uint8Array; size: number }[] = [];
  for (const [name, values] of request.metadata ?? []) {
    const key = encoder.encode(name.toLowerCase());
    for (const text of values) {
      const value = encoder.encode(text);
      pairs.push({ key, value, size: sizeOfBytes(key) + sizeOfBytes(value) });
    }
  }
  let size = sizeOfBytes(service) + sizeOfBytes(method);
  if (payload !== undefined) size += sizeOfBytes(payload);
  if (timeoutNanos > 0) size += 1 + sizeOfUnsigned(timeoutNanos);
  for (const pair of pairs) size += 1 + sizeOfUnsigned(pair.size) + pair.size;

  const writer = new ByteWriter(size);
  writer.bytes(field.service, service);
  writer.bytes(field.method, method);
  if (payload !== undefined) writer.bytes(field.payload, payload);
  if (timeoutNanos > 0) writer.unsigned(field.timeout, timeoutNanos);
  for (const pair of pairs) {
    writer.unsigned(field.metadata, pair.size);
    writer.bytes(pairField.key, pair.key);
    writer.bytes(pairField.value, pair.value);
  }
  return writer.target;
}
