/** What has to be taken back when a later step fails, last step first. */
export class Undo {
  readonly #steps: (() => void | Promise<void>)[] = [];
  readonly #report: (error: unknown) => void;

  /** @param report is given what a step back threw; the other steps are taken all the same. */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
