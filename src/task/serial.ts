/**
 * Runs asynchronous operations of one process one after the other: a delete waits for the start that is under way.
 * Nothing that only reads, and no kill, ever queues here.
 */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => {});
    return result;
  }
}
