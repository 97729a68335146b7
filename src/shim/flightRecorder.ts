import type { DumpSection } from './dump.ts';

export type EntryKind = 'call' | 'spawn' | 'exit' | 'publish' | 'error';

/** One thing that happened. */
export interface FlightEntry {
  /** Counts from 1. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: EntryKind;
  readonly text: string;
  /** How long it took; undefined for what takes no time. */
  readonly milliseconds: number | undefined;
  /** How often it happened in a row, the first time included. */
  readonly count: number;
}

const capacity = 256;
const instant = -1;
/** A text longer than this is cut: an error may quote all that a runtime printed. */
const longestText = 400;

/**
 * What the server did last, in a ring of fixed size: calls, spawns, exits, publishes, errors. An entry costs its text
 * and nothing more, so it may be written at any time and by anybody; it is put into words only when somebody asks.
 */
export class FlightRecorder {
  readonly #times = new Float64Array(capacity);
  readonly #durations = new Float64Array(capacity);
  readonly #counts = new Uint32Array(capacity);
  readonly #kinds: EntryKind[] = new Array<EntryKind>(capacity).fill('call');
  readonly #texts: string[] = new Array<string>(capacity).fill('');
  readonly #listeners = new Set<() => void>();
  #newest = 0;

  /** The newest entry's number; 0 when nothing happened yet. */
  get newest(): number {
    return this.#newest;
  }

  /** The number of the oldest entry that is still held. */
  get oldest(): number {
    return Math.max(1, this.#newest - capacity + 1);
  }

  /** @param milliseconds how long it took; the entry's time is its end */
  record(kind: EntryKind, text: string, milliseconds: number = instant): void {
    this.#newest += 1;
    const slot = this.#newest % capacity;
    this.#times[slot] = performance.now();
    this.#durations[slot] = milliseconds;
    this.#counts[slot] = 1;
    this.#kinds[slot] = kind;
    this.#texts[slot] = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
    if (this.#listeners.size > 0) this.#tell();
  }

  /** As `record`, but the same again in a row is only counted: a flood must not wash out what came before it. */
  recordOften(kind: EntryKind, text: string): void {
    const slot = this.#newest % capacity;
    if (this.#newest === 0 || this.#texts[slot] !== text || this.#kinds[slot] !== kind) {
      this.record(kind, text);
      return;
    }
    this.#times[slot] = performance.now();
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** @returns undefined when it was overwritten, or has not happened yet. */
  entry(sequence: number): FlightEntry | undefined {
    if (sequence < this.oldest || sequence > this.#newest) return undefined;
    const slot = sequence % capacity;
    const duration = this.#durations[slot] ?? instant;
    return {
      sequence,
      at: Date.now() - performance.now() + (this.#times[slot] ?? 0),
      kind: this.#kinds[slot] ?? 'call',
      text: this.#texts[slot] ?? '',
      milliseconds: duration < 0 ? undefined : duration,
      count: this.#counts[slot] ?? 1,
    };
  }

  /** The listener is called at every new entry, in the turn in which it is written. @returns takes it away again. */
  onRecord(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The ring as a section of the dump. */
  get section(): DumpSection {
    return { title: 'flight recorder', lines: () => this.#lines() };
  }

  *#lines(): Generator<string> {
    if (this.#newest === 0) yield 'nothing happened yet';
    else if (this.oldest > 1) yield `entries 1 to ${this.oldest - 1} are gone`;
    for (let sequence = this.oldest; sequence <= this.#newest; sequence += 1) {
      const entry = this.entry(sequence);
      if (entry !== undefined) yield entryText(entry);
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** `2026-11-21T14:03:00.123Z call Create c1, 31.2 ms`. */
export function entryText(entry: FlightEntry): string {
  const { at, kind, text, milliseconds, count } = entry;
  const times = count > 1 ? ` (${count} times in a row)` : '';
  const took = milliseconds === undefined ? '' : `, ${milliseconds.toFixed(1)} ms`;
  return `${new Date(at).toISOString()} ${kind.padEnd(7)} ${text}${times}${took}`;
}
