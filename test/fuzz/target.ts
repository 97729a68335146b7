import type { Random } from './support/random.ts';

/** Something that takes input from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** What is fed, in a few words. */
  readonly what: string;
  /** An input of this target that its seed fixes. */
  generate(random: Random): Uint8Array;
  open(): Promise<FuzzSession>;
  /** How many inputs come before `settle` is asked; 1 by default. */
  readonly batch?: number;
  /** How often an input may be tried for being made shorter. */
  readonly shrinkAttempts: number;
}

/** A target ready to be fed. Whatever it throws is a finding. */
export interface FuzzSession {
  try(input: Uint8Array): Promise<void>;
  /** Looks at what the inputs since the last time have left behind. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** What an input did that it must not do. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

const OWN_MISTAKES =
  /call stack|stack overflow|is not a function|cannot read prop|undefined is not|is not an object|is not iterable|invalid array length|out of memory|cannot convert|is not defined|null is not/i;
const LONGEST_MESSAGE = 8192;

/**
 * Judges what a parser threw: it has to be an Error for the person who gave the input.
 * @throws Finding
 */
export function judgeError(error: unknown): void {
  if (!(error instanceof Error)) throw new Finding(`threw no Error: ${String(error)}`);
  const { message } = error;
  if (error instanceof ReferenceError || OWN_MISTAKES.test(message)) {
    throw new Finding(`a mistake of the program's own: ${error.stack ?? message}`);
  }
  judgeText(message);
}

/** As judgeText, for what is printed as one line. @throws Finding */
export function judgeLine(text: string): void {
  judgeText(text);
  if (/[\n\r]/.test(text)) throw new Finding(`an error of several lines: ${JSON.stringify(text)}`);
}

/** @throws Finding for a text that tells nothing, or repeats all of a long input */
export function judgeText(text: string): void {
  if (text.trim() === '') throw new Finding('an error without a text');
  if (text.length > LONGEST_MESSAGE) throw new Finding(`an error of ${text.length} characters`);
}
