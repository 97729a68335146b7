import { TaskExit } from '../../../src/proto/messages.ts';
import type { EventSink, SinkEvent } from '../../support/eventSink.ts';
import { waitUntil } from '../../support/waiting.ts';

interface Entry {
  readonly status: number;
  seen: number;
}

const NAMED_FAULTS = 5;

/** Books each exit that has to be told against the TaskExit events that come. */
export class ExitLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #faults: string[] = [];
  readonly #order: string[] = [];
  #told = 0;
  #lastStamp = 0;
  #backwards = 0;

  /** Takes over the sink, which remembers nothing from now on: a million events are too many to keep. */
  constructor(sink: EventSink) {
    sink.receive = (event) => {
      sink.seen.length = 0;
      this.#take(event);
      return 'take';
    };
  }

  /** Exits that have to be told. */
  get expected(): number {
    return this.#entries.size;
  }

  /** Exits told, each counted once. */
  get told(): number {
    return this.#told;
  }

  /** The keys of the exits in the order in which they were told. */
  get order(): readonly string[] {
    return this.#order;
  }

  /** Exits that were told after one with a later time. */
  get backwards(): number {
    return this.#backwards;
  }

  /** An exit with this status is going to happen. An init has the empty exec id. */
  expect(containerId: string, execId: string, status: number): void {
    this.#entries.set(exitKey(containerId, execId), { status, seen: 0 });
  }

  /** Waits until every expected exit was told. @returns what is wrong; nothing when the books balance */
  async settle(limitMilliseconds: number): Promise<readonly string[]> {
    await waitUntil(
      'every exit is told',
      () => this.#told >= this.#entries.size,
      limitMilliseconds,
    ).catch(() => {});
    const faults = [...this.#faults];
    const missing = [...this.#entries].filter(([, { seen }]) => seen === 0).map(([key]) => key);
    const twice = [...this.#entries].filter(([, { seen }]) => seen > 1).map(([key]) => key);
    if (missing.length > 0) faults.push(`${missing.length} exits never told: ${some(missing)}`);
    if (twice.length > 0) faults.push(`${twice.length} exits told more than once: ${some(twice)}`);
    return faults;
  }

  #take(event: SinkEvent): void {
    if (event.topic !== '/tasks/exit') return;
    const key = exitKey(event.containerId, event.execId);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#fault(`exit of ${key}, which nobody expects`);
      return;
    }
    const { exitStatus } = TaskExit.decode(event.value);
    if (exitStatus !== entry.status) {
      this.#fault(`${key} ended with ${entry.status} and was told as ${exitStatus}`);
    }
    if (event.stampedAt < this.#lastStamp) this.#backwards += 1;
    this.#lastStamp = event.stampedAt;
    entry.seen += 1;
    if (entry.seen === 1) {
      this.#told += 1;
      this.#order.push(key);
    }
  }

  #fault(text: string): void {
    if (this.#faults.length < NAMED_FAULTS) this.#faults.push(text);
  }
}

/** How an exit is called in the ledger. */
export function exitKey(containerId: string, execId: string): string {
  return `${containerId}/${execId}`;
}

function some(keys: readonly string[]): string {
  return keys.slice(0, NAMED_FAULTS).join(', ');
}
