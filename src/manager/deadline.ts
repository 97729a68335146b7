import type { Cancellation } from '../platform/cancellation.ts';

/** A cancellation that comes by itself after some time. */
export class Deadline implements Cancellation {
  readonly #listeners = new Set<(reason: Error) => void>();
  readonly #timer: ReturnType<typeof setTimeout>;
  #passed = false;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#pass(milliseconds), milliseconds);
  }

  /** Whether the time is over. */
  get cancelled(): boolean {
    return this.#passed;
  }

  onCancel(listener: (reason: Error) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Waits for work, but not beyond the deadline. @returns whether the work came first. */
  async reaches(work: Promise<unknown>): Promise<boolean> {
    if (this.#passed) {
      return false;
    }
    let forget = (): void => {};
    const passed = new Promise<boolean>((resolve) => {
      forget = this.onCancel(() => resolve(false));
    });
    try {
      return await Promise.race([work.then(() => true), passed]);
    } finally {
      forget();
    }
  }

  /** The deadline never comes any more. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #pass(milliseconds: number): void {
    this.#passed = true;
    const reason = new Error(`not done after ${milliseconds} ms`);
    for (const listener of [...this.#listeners]) {
      listener(reason);
    }
  }
}
