import type { Exit } from './exit.ts';

/** Told of each exit in reap order. What it throws is reported and kept from the other subscribers. */
export type ExitListener = (exit: Exit) => void;

/**
 * One subscriber's own queue of exits. The reaper only ever appends, so a subscriber that is slow, or waits for
 * something else, holds up nobody and loses nothing (containerd#2709, #13849). A listener is called at once;
 * without one, exits wait until `next` asks for them.
 */
export class Subscription {
  readonly #listener: ExitListener | undefined;
  readonly #leave: (subscription: Subscription) => void;
  #queue: Exit[] = [];
  #waiters: ((exit: Exit | undefined) => void)[] = [];
  #closed = false;

  constructor(listener: ExitListener | undefined, leave: (subscription: Subscription) => void) {
    this.#listener = listener;
    this.#leave = leave;
  }

  /** Exits that nobody has taken yet. */
  get pending(): number {
    return this.#queue.length;
  }

  deliver(exit: Exit): void {
    if (this.#closed) return;
    if (this.#listener !== undefined) {
      this.#listener(exit);
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#queue.push(exit);
    else waiter(exit);
  }

  /** The next exit in reap order; undefined once the subscription is closed and its queue is empty. */
  next(): Promise<Exit | undefined> {
    const exit = this.#queue.shift();
    if (exit !== undefined || this.#closed) return Promise.resolve(exit);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Unsubscribes. What is already queued can still be taken. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave(this);
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }
}
