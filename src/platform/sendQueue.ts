/**
 * Bytes a socket would not take yet, in order. Both runtimes can take part of a write; this keeps the rest.
 * Chunks are copied on entry because callers reuse their buffers.
 */
export class SendQueue {
  #chunks: Uint8Array[] = [];
  /** Only to be read. No getter: it is asked for with each answer, and without a JIT a getter is a call. */
  bytes = 0;

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.bytes += bytes.length;
  }

  /**
   * Offers the chunks to `write`, which answers how many bytes it took.
   * @returns true when nothing is left.
   */
  flush(write: (bytes: Uint8Array) => number): boolean {
    let done = 0;
    for (const chunk of this.#chunks) {
      const taken = write(chunk);
      this.bytes -= taken;
      if (taken < chunk.length) {
        this.#chunks[done] = chunk.subarray(taken);
        break;
      }
      done += 1;
    }
    this.#chunks.splice(0, done);
    return this.bytes === 0;
  }

  clear(): void {
    this.#chunks = [];
    this.bytes = 0;
  }
}
