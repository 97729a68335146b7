/** Knows how many outputs of a process have not ended yet, and who waits for that. */
export class Drain {
  readonly #waiters = new Set<(drained: boolean) => void>();
  #open: number;
  #closed = false;

  constructor(open: number) {
    this.#open = open;
  }

  ended(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#settle(true);
  }

  /** Resolves as ProcessStdio.drained does; leaves no timer behind. */
  wait(milliseconds: number): Promise<boolean> {
    if (this.#open === 0 || this.#closed) return Promise.resolve(this.#open === 0);
    return new Promise((resolve) => {
      const settle = (drained: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(settle);
        resolve(drained);
      };
      const timer = setTimeout(settle, milliseconds, false);
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
