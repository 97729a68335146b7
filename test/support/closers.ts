/** What is to be done in the end, whatever happened before. */
export class Closers {
  readonly #works: (() => void | Promise<void>)[] = [];

  add(work: () => void | Promise<void>): void {
    this.#works.push(work);
  }

  /**
   * Does it, the last first. One that fails does not keep the others from being done.
   * @throws what the first to fail threw
   */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const work of this.#works.splice(0).reverse()) {
      try {
        await work();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
