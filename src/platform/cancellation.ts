/** A caller that may give up waiting. A `Call` of the ttrpc server is one. */
export interface Cancellation {
  readonly cancelled: boolean;
  /** Whether nobody waits any more, also where that is still to be noticed: the kernel is asked. */
  hasGone?(): boolean;
  /** @returns takes the listener away again. */
  onCancel(listener: (reason: Error) => void): () => void;
}

/** For work that nobody can call off. */
export const neverCancelled: Cancellation = {
  cancelled: false,
  onCancel: () => () => {},
};

/** A cancellation that its owner decides about. */
export class CancellationSource implements Cancellation {
  readonly #listeners = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  get cancelled(): boolean {
    return this.#reason !== undefined;
  }

  onCancel(listener: (reason: Error) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return () => {};
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells everybody who listens, once. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(reason);
  }
}

/** Cancelled as soon as one of the two is. */
export function eitherOf(one: Cancellation, other: Cancellation): Cancellation {
  return {
    get cancelled() {
      return one.cancelled || other.cancelled;
    },
    onCancel(listener) {
      const forgetOne = one.onCancel(listener);
      const forgetOther = other.onCancel(listener);
      return () => {
        forgetOne();
        forgetOther();
      };
    },
  };
}
