/** With nothing moved that long the reader has stalled, or a child keeps an empty pipe open. */
const stalledMilliseconds = 2_000;
/** No pipe holds more. What comes behind that much was written after the process was dead, by a child of it. */
const largestPipe = 1024 * 1024;
/** A child that writes on gets this long all the same. */
const childMilliseconds = 1_000;
const lookMilliseconds = 100;

/**
 * Knows how many outputs of a process have not ended yet, and who waits for that. A wait is over early when nothing of
 * the process itself can come any more, or nobody takes it: Delete is not to use up its caller's deadline
 * (containerd#13377, kata#13676).
 */
export class Drain {
  readonly #waiters = new Set<(drained: boolean) => void>();
  readonly #moved: () => number;
  #open: number;
  #closed = false;

  /** @param moved how many bytes the outputs have taken so far */
  constructor(open: number, moved: () => number) {
    this.#open = open;
    this.#moved = moved;
  }

  ended(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#settle(true);
  }

  /** Resolves as ProcessStdio.drained does; leaves no timer behind. */
  wait(milliseconds: number): Promise<boolean> {
    if (this.#open === 0 || this.#closed) return Promise.resolve(this.#open === 0);
    return new Promise((resolve) => {
      const started = performance.now();
      const movedBefore = this.#moved();
      let moved = movedBefore;
      let movedAt = started;
      const settle = (drained: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(settle);
        resolve(drained);
      };
      const look = (): void => {
        const now = performance.now();
        const waited = now - started;
        if (this.#moved() !== moved) {
          moved = this.#moved();
          movedAt = now;
        }
        const ofChildren = moved - movedBefore > largestPipe && waited >= childMilliseconds;
        if (ofChildren || waited >= milliseconds || now - movedAt >= stalledMilliseconds) {
          settle(false);
        } else {
          timer = setTimeout(look, Math.min(lookMilliseconds, milliseconds - waited));
        }
      };
      let timer = setTimeout(look, Math.min(lookMilliseconds, milliseconds));
      this.#waiters.add(settle);
    });
  }

  /** Nothing more will end: whoever still waits is told so. */
  close(): void {
    this.#closed = true;
    this.#settle(this.#open === 0);
  }

  #settle(drained: boolean): void {
    for (const waiter of [...this.#waiters]) waiter(drained);
  }
}
