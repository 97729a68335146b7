import { Fifo } from './fifo.ts';
import { isKept } from './topics.ts';

/** An event that waits to be forwarded. */
export interface OutboxEntry {
  /** Grows by one with each event: the order in which they happened. */
  readonly sequence: number;
  readonly topic: string;
  /** The encoded request, ready to be sent any number of times. */
  readonly request: Uint8Array;
  /** Milliseconds on performance.now()'s clock. */
  readonly addedAt: number;
}

export interface OutboxLimits {
  /** At most this many events that may be lost. */
  readonly droppableEvents: number;
  /** At most this many bytes of them. */
  readonly droppableBytes: number;
}

/** The reference's queue length; a TaskCreate carries its mount options, so bytes are bounded as well. */
const DEFAULT_LIMITS: OutboxLimits = { droppableEvents: 2048, droppableBytes: 4 * 1024 * 1024 };

/**
 * Events in the order in which they happened. Exit, OOM and delete events stay until they are taken; of the
 * others the oldest give way when there are too many. Two queues merged by sequence number keep both rules
 * cheap.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #kept = new Fifo<OutboxEntry>();
  readonly #droppable = new Fifo<OutboxEntry>();
  #keptBytes = 0;
  #droppableBytes = 0;
  #sequence = 0;
  #dropped = 0;

  constructor(limits: OutboxLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Events waiting. */
  get size(): number {
    return this.#kept.size + this.#droppable.size;
  }

  /** Bytes of the requests waiting. */
  get bytes(): number {
    return this.#keptBytes + this.#droppableBytes;
  }

  /** Of those waiting, how many will never be dropped. */
  get keptSize(): number {
    return this.#kept.size;
  }

  /** Events lost because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The next event to be taken. */
  peek(): OutboxEntry | undefined {
    return this.#next().peek();
  }

  add(topic: string, request: Uint8Array): void {
    this.#sequence += 1;
    const entry = { sequence: this.#sequence, topic, request, addedAt: performance.now() };
    if (isKept(topic)) {
      this.#kept.add(entry);
      this.#keptBytes += request.length;
      return;
    }
    this.#droppable.add(entry);
    this.#droppableBytes += request.length;
    this.#makeRoom();
  }

  /** Takes the oldest event; undefined when none waits. It is out of the limits' reach from here on. */
  take(): OutboxEntry | undefined {
    const queue = this.#next();
    const entry = queue.take();
    if (entry === undefined) return undefined;
    if (queue === this.#kept) this.#keptBytes -= entry.request.length;
    else this.#droppableBytes -= entry.request.length;
    return entry;
  }

  #next(): Fifo<OutboxEntry> {
    const kept = this.#kept.peek();
    const droppable = this.#droppable.peek();
    if (kept === undefined) return this.#droppable;
    if (droppable === undefined) return this.#kept;
    return kept.sequence < droppable.sequence ? this.#kept : this.#droppable;
  }

  #makeRoom(): void {
    const { droppableEvents, droppableBytes } = this.#limits;
    while (this.#droppable.size > droppableEvents || this.#droppableBytes > droppableBytes) {
      const oldest = this.#droppable.take();
      if (oldest === undefined) return;
      this.#droppableBytes -= oldest.request.length;
      this.#dropped += 1;
    }
  }
}
