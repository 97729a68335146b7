/**
 * One spawn a turn of the event loop. A spawn holds the whole process for most of a millisecond: a hundred that come
 * at once would keep every other container's calls waiting until the last of them is done (containerd#8557).
 */
export class SpawnTurns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Callers who wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @returns undefined when the caller may spawn now; else resolved when it is its turn, first come first served */
  take(): Promise<void> | undefined {
    if (this.#taken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
    setImmediate(this.#next);
    return undefined;
  }

  readonly #next = (): void => {
    const first = this.#waiting.shift();
    if (first === undefined) {
      this.#taken = false;
      return;
    }
    setImmediate(this.#next);
    first();
  };
}
