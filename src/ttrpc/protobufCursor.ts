/** Bytes that are no valid protobuf message. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}

export const emptyBytes: Uint8Array = new Uint8Array(0);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const twoTo28 = 0x1000_0000;

/**
 * UTF-8 as protobuf asks for it: anything invalid is refused. The part is copied: the first view of an array makes
 * JavaScriptCore give that one a buffer object, which takes longer than all the rest.
 * @throws MalformedMessageError
 */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return '';
  try {
    return decoder.decode(bytes.slice(start, end));
  } catch {
    throw new MalformedMessageError('string field contains invalid UTF-8');
  }
}

/** Reads the fields of one protobuf message in place. Used again for each message: nothing is allocated. */
export class ProtobufCursor {
  #bytes: Uint8Array = emptyBytes;
  #end = 0;
  position = 0;
  /** Where the last length-delimited field ended; it began at `start`. */
  end = 0;
  start = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  /** Lets go of the bytes. */
  release(): void {
    this.#bytes = emptyBytes;
    this.#end = 0;
    this.position = 0;
  }

  get atEnd(): boolean {
    return this.position >= this.#end;
  }

  /** @returns the tag: field number and wire type. */
  tag(): number {
    const first = this.#bytes[this.position] ?? 0;
    if (first >= 8 && first < 128 && this.position < this.#end) {
      this.position += 1;
      return first;
    }
    const tag = this.unsigned();
    if (tag < 8) throw new MalformedMessageError('field number 0');
    if (tag > 0xffff_ffff) throw new MalformedMessageError('field number out of range');
    return tag;
  }

  /** A varint; exact up to 2^53. */
  unsigned(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    throw new MalformedMessageError('varint is too long');
  }

  /** A varint as int64; exact within 2^53 of zero, the sign always. */
  signed(): number {
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#byte();
      if (count < 4) low += (byte & 127) * 128 ** count;
      else if (count < 8) middle += (byte & 127) * 128 ** (count - 4);
      else high += (byte & 127) * 128 ** (count - 8);
      if (byte >= 128) continue;
      // Two's complement, summed from the top: in this order nothing is rounded near zero.
      const top = (high << 24) >> 24;
      return top * twoTo28 * twoTo28 + middle * twoTo28 + low;
    }
    throw new MalformedMessageError('varint is too long');
  }

  /** A length-delimited field: sets `start` and `end`, and goes behind it. */
  delimited(): void {
    const length = this.unsigned();
    this.start = this.position;
    this.end = this.position + length;
    if (this.end > this.#end) throw new MalformedMessageError('message is truncated');
    this.position = this.end;
  }

  text(): string {
    this.delimited();
    return readText(this.#bytes, this.start, this.end);
  }

  /** Goes behind a field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.unsigned();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.delimited();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new MalformedMessageError(`wire type ${tag & 7} is not supported`);
    }
  }

  #advance(length: number): void {
    this.position += length;
    if (this.position > this.#end) throw new MalformedMessageError('message is truncated');
  }

  #byte(): number {
    if (this.position >= this.#end) throw new MalformedMessageError('message is truncated');
    const byte = this.#bytes[this.position] ?? 0;
    this.position += 1;
    return byte;
  }
}
