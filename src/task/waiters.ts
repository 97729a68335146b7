import type { Cancellation } from '../platform/cancellation.ts';

/** Callers of Wait on one process. They are kept only while their connection lives (containerd 49664dab5). */
export class Waiters {
  #open = true;
  readonly #release = new Set<() => void>();

  get count(): number {
    return this.#release.size;
  }

  /** Lets everybody go who waits, and whoever comes later. */
  releaseAll(): void {
    this.#open = false;
    for (const release of this.#release) release();
    this.#release.clear();
  }

  /** @returns undefined when there is nothing to wait for */
  wait(call: Cancellation): Promise<void> | undefined {
    if (!this.#open) return undefined;
    return new Promise((resolve, reject) => {
      const release = (): void => {
        forgetCall();
        resolve();
      };
      const forgetCall = call.onCancel((reason) => {
        this.#release.delete(release);
        reject(reason);
      });
      this.#release.add(release);
    });
  }
}
