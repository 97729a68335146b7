import { closeFile } from '../posix/files.ts';

export interface Closable {
  /** Must be safe to repeat. */
  close(): void;
}

/** One descriptor with one owner. It is closed once, however often close() is called. */
export class Descriptor implements Closable {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  /** -1 once closed. */
  get number(): number {
    return this.#number;
  }

  get isOpen(): boolean {
    return this.#number >= 0;
  }

  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    closeFile(number);
  }

  toString(): string {
    return this.#number < 0 ? 'closed' : `fd ${this.#number}`;
  }
}

/** What has been opened on the way to something bigger: closed in reverse order when the way ends early. */
export class Opened implements Closable {
  readonly #items: Closable[] = [];

  add<T extends Closable>(item: T): T {
    this.#items.push(item);
    return item;
  }

  close(): void {
    for (let item = this.#items.pop(); item !== undefined; item = this.#items.pop()) item.close();
  }
}
