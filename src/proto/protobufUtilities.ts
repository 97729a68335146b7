/**
 * What the Reader and Writer of protobufjs use of its `util/minimal`, for bytes in Uint8Arrays and no 64-bit numbers:
 * wire.ts and messageWriter.ts have their own, as bigint.
 */
export const Buffer = undefined;
export const LongBits = undefined;
export const base64 = undefined;
export const utf8 = undefined;

/** How deep groups may be nested that are skipped, as in protobufjs. */
export const recursionLimit = 100;

/** Small messages come out of no pool: MessageWriter keeps its own buffer. */
export function pool<T>(allocate: T): T {
  return allocate;
}

/** Bytes are never given as base64. */
export function isString(): boolean {
  return false;
}

const view = new DataView(new ArrayBuffer(8));
const viewBytes = new Uint8Array(view.buffer);

/** Doubles, at positions that need not be aligned. */
export const float = {
  readDoubleLE(bytes: Uint8Array, position: number): number {
    viewBytes.set(bytes.subarray(position, position + 8));
    return view.getFloat64(0, true);
  },
  writeDoubleLE(value: number, bytes: Uint8Array, position: number): void {
    view.setFloat64(0, value, true);
    bytes.set(viewBytes, position);
  },
};
