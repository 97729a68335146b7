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

/** A place in the ring. It is made when first needed and used again for ever. */
interface Slot {
  /** On performance.now()'s clock. */
  time: number;
  duration: number;
  count: number;
  kind: EntryKind;
  text: string;
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
  readonly #slots: Slot[] = [];
  #listeners: (() => void)[] = [];
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
    const kept = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
    const time = performance.now();
    this.#newest += 1;
    const slot = this.#slotOf(this.#newest);
    if (slot === undefined) {
      this.#slots.push({ time, duration: milliseconds, count: 1, kind, text: kept });
    } else {
      slot.time = time;
      slot.duration = milliseconds;
      slot.count = 1;
      slot.kind = kind;
      slot.text = kept;
    }
    if (this.#listeners.length > 0) this.#tell();
  }

  /** As `record`, but the same again in a row is only counted: a flood must not wash out what came before it. */
  recordOften(kind: EntryKind, text: string): void {
    const slot = this.#slotOf(this.#newest);
    if (slot === undefined || slot.text !== text || slot.kind !== kind) {
      this.record(kind, text);
      return;
    }
    slot.time = performance.now();
    slot.count += 1;
  }

  /** @returns undefined when it was overwritten, or has not happened yet. */
  entry(sequence: number): FlightEntry | undefined {
    if (sequence < this.oldest || sequence > this.#newest) return undefined;
    const slot = this.#slotOf(sequence);
    if (slot === undefined) return undefined;
    const { time, duration, count, kind, text } = slot;
    const at = Date.now() - performance.now() + time;
    return { sequence, at, kind, text, milliseconds: duration < 0 ? undefined : duration, count };
  }

  /** The listener is called at every new entry, in the turn in which it is written. @returns takes it away again. */
  onRecord(listener: () => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
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

  #slotOf(sequence: number): Slot | undefined {
    return this.#slots[(sequence - 1) % capacity];
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** `2026-11-21T14:03:00.123Z call Create c1, 31.2 ms`. */
export function entryText(entry: FlightEntry): string {
  const { at, kind, text, milliseconds, count } = entry;
  const times = count > 1 ? ` (${count} times in a row)` : '';
  const took = milliseconds === undefined ? '' : `, ${milliseconds.toFixed(1)} ms`;
  // On one line: what a runtime printed must not look like another entry, or another section of the dump.
  const line = text.replaceAll('\n', '\\n');
  return `${new Date(at).toISOString()} ${kind.padEnd(7)} ${line}${times}${took}`;
}
