/** Bytes that a varint takes. @param value a safe integer, not negative */
export function sizeOfUnsigned(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Bytes that a length-delimited field takes, with a tag of one byte. */
export function sizeOfBytes(value: Uint8Array): number {
  return 1 + sizeOfUnsigned(value.length) + value.length;
}

/** Writes a varint. The caller has made sure of the room. @returns the offset behind it. */
export function putUnsigned(target: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 127) {
    target[at] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}

/** Writes protobuf fields into an array that has exactly their size. Tags are of one byte. */
export class ByteWriter {
  readonly target: Uint8Array;
  #offset = 0;

  constructor(size: number) {
    this.target = new Uint8Array(size);
  }

  unsigned(tag: number, value: number): void {
    this.target[this.#offset] = tag;
    this.#offset = putUnsigned(this.target, this.#offset + 1, value);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.unsigned(tag, value.length);
    this.target.set(value, this.#offset);
    this.#offset += value.length;
  }
}
