/**
 * Where a JSON text is broken. JSON.parse tells it in words that differ by engine, and in some
 * not at all; this runs only after JSON.parse has refused the text.
 */

/** The first place where a text stops being JSON. */
export interface JsonMistake {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  readonly reason: string;
}

const WHITESPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const STRING_START = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

class Scanner {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The reason the text is no JSON, with the position left at it; undefined when it is JSON. */
  run(): string | undefined {
    // Closing characters of the arrays and objects we are in.
    const open: ('}' | ']')[] = [];
    for (;;) {
      const reason = this.#value(open);
      if (reason !== undefined) {
        return reason;
      }
      if (open.length === 0) {
        return this.#skip() === '' ? undefined : this.#unexpected('end of text');
      }
    }
  }

  position(): { line: number; column: number } {
    const before = this.#text.slice(0, this.#offset);
    return { line: before.split('\n').length, column: this.#offset - before.lastIndexOf('\n') };
  }

  /** One value, then as many closing characters as follow, then the comma before the next. */
  #value(open: ('}' | ']')[]): string | undefined {
    const first = this.#skip();
    if (first === '{' || first === '[') {
      this.#offset++;
      const close = first === '{' ? '}' : ']';
      if (this.#skip() !== close) {
        open.push(close);
        return close === '}' ? this.#key() : undefined;
      }
      this.#offset++;
    } else if (first === '"') {
      if (!this.#take(STRING)) {
        return this.#brokenString();
      }
    } else if (!this.#take(SCALAR)) {
      return this.#unexpected('a value');
    }
    for (;;) {
      const close = open.at(-1);
      if (close === undefined) {
        return undefined;
      }
      const next = this.#skip();
      if (next === ',') {
        this.#offset++;
        return close === '}' ? this.#key() : undefined;
      }
      if (next !== close) {
        return this.#unexpected(`',' or '${close}'`);
      }
      this.#offset++;
      open.pop();
    }
  }

  #key(): string | undefined {
    if (this.#skip() !== '"') {
      return this.#unexpected('a quoted key');
    }
    if (!this.#take(STRING)) {
      return this.#brokenString();
    }
    if (this.#skip() !== ':') {
      return this.#unexpected("':'");
    }
    this.#offset++;
    return undefined;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset;
    if (!pattern.test(this.#text)) {
      return false;
    }
    this.#offset = pattern.lastIndex;
    return true;
  }

  #skip(): string {
    this.#take(WHITESPACE);
    return this.#text[this.#offset] ?? '';
  }

  #brokenString(): string {
    this.#take(STRING_START);
    return this.#offset >= this.#text.length ? 'string does not end' : 'bad character in string';
  }

  #unexpected(wanted: string): string {
    const found = this.#text[this.#offset];
    return found === undefined
      ? `text ends where ${wanted} should be`
      : `unexpected ${JSON.stringify(found)} where ${wanted} should be`;
  }
}

/** The first mistake in a text, or undefined when it is JSON. */
export function findJsonMistake(text: string): JsonMistake | undefined {
  const scanner = new Scanner(text);
  const reason = scanner.run();
  return reason === undefined ? undefined : { ...scanner.position(), reason };
}
