import type { Logger } from '../platform/log.ts';
import { Client } from '../ttrpc/client.ts';
import { isDeadline, judge } from './answer.ts';
import { encodeForwardRequest } from './envelope.ts';
import { Outbox, type OutboxEntry } from './outbox.ts';

const SERVICE = 'containerd.services.events.ttrpc.v1.Events';
const METHOD = 'Forward';

/** With the back-off in between, about ten seconds. */
const DOUBTFUL_ANSWERS_PER_EVENT = 10;

export interface PublisherTiming {
  readonly dialMilliseconds: number;
  /** For the first try; doubled with each answer that stays out, up to the longest. */
  readonly callMilliseconds: number;
  readonly longestCallMilliseconds: number;
  readonly firstRetryMilliseconds: number;
  readonly longestRetryMilliseconds: number;
}

/**
 * Limits of contract 9.2; the reference polls for a missing socket every 10 ms. A daemon that is stopped and
 * goes on later still finds every request of the connections we gave up, each a duplicate of the same event:
 * so the limit grows. Waiting longer on an open connection costs nothing, as the answer ends it.
 */
const DEFAULT_TIMING: PublisherTiming = {
  dialMilliseconds: 5000,
  callMilliseconds: 5000,
  longestCallMilliseconds: 300_000,
  firstRetryMilliseconds: 10,
  longestRetryMilliseconds: 5000,
};

export interface PublisherOptions {
  /** TTRPC_ADDRESS: the path of the daemon's ttrpc socket. Empty: there is no daemon to tell. */
  address: string;
  namespace: string;
  logger: Logger;
  timing?: PublisherTiming;
}

type State = 'idle' | 'connecting' | 'calling' | 'waiting' | 'closed';

interface DrainWaiter {
  readonly resolve: (empty: boolean) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Forwards events to the daemon, one at a time and in the order of `publish`. While the daemon is away they
 * wait (outbox.ts). An event is sent again when the connection broke before its answer came, which is the
 * only way in which the daemon can see one twice.
 *
 * It connects at the first event, and between events it holds neither a timer nor a promise.
 */
export class Publisher {
  readonly #address: string;
  readonly #namespace: string;
  readonly #logger: Logger;
  readonly #timing: PublisherTiming;
  readonly #outbox = new Outbox();
  #state: State = 'idle';
  #client: Client | undefined;
  /** Taken from the outbox and not answered yet. */
  #current: OutboxEntry | undefined;
  /** Counts dials, so that one that answers after its limit is recognized. */
  #dial = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Failures since the daemon last answered. */
  #failures = 0;
  #doubtfulAnswers = 0;
  /** Calls since the daemon last answered that ran into their limit. */
  #stalls = 0;
  #daemonAway = false;
  #delivered = 0;
  #rejected = 0;
  #drainWaiters: DrainWaiter[] = [];

  constructor(options: PublisherOptions) {
    this.#address = options.address.replace(/^unix:\/\//, '');
    this.#namespace = options.namespace;
    this.#logger = options.logger;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    if (this.#address === '') {
      this.#state = 'closed';
      this.#logger.warn({}, 'no TTRPC_ADDRESS: events are not published');
    }
  }

  /** Events not yet accepted by the daemon. */
  get waiting(): number {
    return this.#outbox.size + (this.#current === undefined ? 0 : 1);
  }

  /**
   * Queues an event stamped with the present time. Never blocks and never throws for the daemon's sake.
   *
   * @param typeName the event's full protobuf name
   * @param event the encoded message
   */
  publish(topic: string, typeName: string, event: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#outbox.add(topic, encodeForwardRequest(this.#namespace, { topic, typeName }, event));
    if (this.#state === 'idle') this.#advance();
  }

  /**
   * The daemon gave a sign of life, such as a new connection to this shim: waits no longer for the next try.
   */
  retrySoon(): void {
    if (this.#state !== 'waiting') return;
    this.#failures = 0;
    this.#resume();
  }

  /** @returns true once no event waits; false when that took longer, or the publisher was closed. */
  drain(milliseconds: number): Promise<boolean> {
    if (this.waiting === 0) return Promise.resolve(true);
    if (this.#state === 'closed') return Promise.resolve(false);
    this.retrySoon();
    return new Promise((resolve) => {
      const waiter: DrainWaiter = {
        resolve,
        timer: setTimeout(() => {
          this.#drainWaiters = this.#drainWaiters.filter((other) => other !== waiter);
          resolve(false);
        }, milliseconds),
      };
      this.#drainWaiters.push(waiter);
    });
  }

  /** Stops; what still waits is lost. Safe to call twice. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#client?.close();
    this.#client = undefined;
    this.#answerDrains(false);
  }

  /** Lines for the dump. */
  *describe(): Generator<string> {
    const now = performance.now();
    const age = (entry: OutboxEntry): string => `${Math.round(now - entry.addedAt)} ms`;
    yield `${this.#state} to ${this.#address}, ${this.#failures} failures since the last answer`;
    const { size, keptSize, bytes } = this.#outbox;
    yield `queued ${size}, of these ${keptSize} kept, ${bytes} bytes`;
    yield `delivered ${this.#delivered}, rejected ${this.#rejected}, dropped ${this.#outbox.dropped}`;
    if (this.#current !== undefined) {
      yield `sending ${this.#current.topic}, published ${age(this.#current)} ago`;
    }
    const next = this.#outbox.peek();
    if (next !== undefined) yield `next ${next.topic}, published ${age(next)} ago`;
  }

  #advance(): void {
    this.#current ??= this.#outbox.take();
    if (this.#current === undefined) {
      this.#state = 'idle';
      this.#answerDrains(true);
    } else if (this.#client === undefined || this.#client.isClosed) {
      this.#connect();
    } else {
      this.#send(this.#client, this.#current);
    }
  }

  #connect(): void {
    this.#state = 'connecting';
    this.#dial += 1;
    const dial = this.#dial;
    const isCurrent = (): boolean => this.#state === 'connecting' && this.#dial === dial;
    this.#timer = setTimeout(() => {
      if (isCurrent()) this.#retryLater(new Error(`dial ${this.#address}: timeout`));
    }, this.#timing.dialMilliseconds);
    Client.connect(this.#address).then(
      (client) => {
        if (!isCurrent()) return client.close();
        clearTimeout(this.#timer);
        this.#client = client;
        this.#advance();
      },
      (error: unknown) => {
        if (isCurrent()) this.#retryLater(error);
      },
    );
  }

  #send(client: Client, entry: OutboxEntry): void {
    this.#state = 'calling';
    const { callMilliseconds, longestCallMilliseconds } = this.#timing;
    const limit = Math.min(longestCallMilliseconds, callMilliseconds * 2 ** this.#stalls);
    const timeoutNanos = limit * 1_000_000;
    client
      .call(SERVICE, METHOD, entry.request, { timeoutNanos })
      .then(this.#onDelivered, this.#onFailed);
  }

  readonly #onDelivered = (): void => {
    if (this.#state === 'closed') return;
    this.#delivered += 1;
    this.#answered();
  };

  readonly #onFailed = (error: unknown): void => {
    if (this.#state === 'closed') return;
    const verdict = judge(error);
    if (verdict === 'retryFewTimes') this.#doubtfulAnswers += 1;
    if (verdict === 'reject' || this.#doubtfulAnswers >= DOUBTFUL_ANSWERS_PER_EVENT) {
      this.#rejected += 1;
      this.#logger.error({ error, topic: this.#current?.topic }, 'event refused by containerd');
      this.#answered();
    } else if (this.#client?.isClosed && this.#failures === 0) {
      this.#failures = 1;
      this.#advance();
    } else {
      // A call past its limit may still be carried out: closing the connection cancels it at the daemon.
      if (verdict === 'retry') this.#client?.close();
      if (isDeadline(error)) this.#stalls += 1;
      this.#retryLater(error);
    }
  };

  /** The daemon took a decision on the current event. */
  #answered(): void {
    this.#failures = 0;
    this.#stalls = 0;
    this.#doubtfulAnswers = 0;
    if (this.#daemonAway) {
      this.#daemonAway = false;
      this.#logger.info(
        { waited: this.waiting, dropped: this.#outbox.dropped },
        'containerd takes events again',
      );
    }
    this.#current = undefined;
    this.#advance();
  }

  #retryLater(error: unknown): void {
    clearTimeout(this.#timer);
    const { firstRetryMilliseconds, longestRetryMilliseconds } = this.#timing;
    const delay = Math.min(longestRetryMilliseconds, firstRetryMilliseconds * 2 ** this.#failures);
    this.#failures += 1;
    if (!this.#daemonAway) {
      this.#daemonAway = true;
      this.#logger.warn({ error, waiting: this.waiting }, 'containerd takes no events; they wait');
    }
    this.#state = 'waiting';
    this.#timer = setTimeout(() => this.#resume(), delay);
  }

  #resume(): void {
    clearTimeout(this.#timer);
    this.#advance();
  }

  #answerDrains(empty: boolean): void {
    for (const { resolve, timer } of this.#drainWaiters.splice(0)) {
      clearTimeout(timer);
      resolve(empty);
    }
  }
}
