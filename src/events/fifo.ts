/** A queue over one array: adding and taking are O(1) amortized, and taken elements are let go of. */
export class Fifo<T> {
  #elements: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#elements.length - this.#head;
  }

  add(element: T): void {
    this.#elements.push(element);
  }

  /** The oldest element, left in place; undefined when empty. */
  peek(): T | undefined {
    return this.#elements[this.#head];
  }

  /** Takes the oldest element; undefined when empty. */
  take(): T | undefined {
    if (this.size === 0) return undefined;
    const element = this.#elements[this.#head];
    this.#elements[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#elements.length) {
      this.#elements = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#elements.length) {
      this.#elements = this.#elements.slice(this.#head);
      this.#head = 0;
    }
    return element;
  }
}
