/** Messages that a stream holds for a receiver that is behind. */
const capacity = 64;
const stallMilliseconds = 1000;
/** However fast they come, no stream holds more than this. */
const capacityBytes = 16 * 1024 * 1024;

interface Waiter {
  resolve(message: Uint8Array | undefined): void;
  reject(reason: Error): void;
}

/**
 * The received side of one stream. A receiver that stays more than 64 messages behind for a second fails its own
 * stream (contract 4.4); the connection never waits for it.
 */
export class MessageQueue {
  readonly #stalled: () => void;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #waiters: Waiter[] = [];
  #state: 'open' | 'ended' | Error = 'open';
  #stall: ReturnType<typeof setTimeout> | undefined;

  /** @param stalled the receiver is too far behind: the stream must be failed. */
  constructor(stalled: () => void) {
    this.#stalled = stalled;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** @param message is kept. */
  push(message: Uint8Array): void {
    if (this.#state !== 'open') return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve(message);
      return;
    }
    this.#messages.push(message);
    this.#bytes += message.length;
    if (this.#bytes > capacityBytes) this.#stalled();
    else if (this.#messages.length > capacity) {
      this.#stall ??= setTimeout(() => this.#stalled(), stallMilliseconds);
    }
  }

  /** The peer sends no more. What is queued is still received. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    for (const waiter of this.#takeWaiters()) waiter.resolve(undefined);
  }

  /** The stream is broken: what is queued is dropped. */
  fail(reason: Error): void {
    if (this.#state instanceof Error) return;
    this.#state = reason;
    this.#messages = [];
    this.#bytes = 0;
    this.#clearStall();
    for (const waiter of this.#takeWaiters()) waiter.reject(reason);
  }

  /** The next message; undefined when the peer sends no more. @throws the reason of `fail`. */
  receive(): Promise<Uint8Array | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.#bytes -= message.length;
      if (this.#messages.length <= capacity) this.#clearStall();
      return Promise.resolve(message);
    }
    if (this.#state === 'ended') return Promise.resolve(undefined);
    if (this.#state !== 'open') return Promise.reject(this.#state);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #clearStall(): void {
    if (this.#stall !== undefined) clearTimeout(this.#stall);
    this.#stall = undefined;
  }
}
