/** What was measured: of each figure, by contender, one value for each round. */
export class Samples {
  readonly #values = new Map<string, Map<string, number[]>>();

  add(figure: string, contender: string, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`${figure} of ${contender} is ${value}`);
    const ofFigure = this.#values.get(figure) ?? new Map<string, number[]>();
    this.#values.set(figure, ofFigure);
    const values = ofFigure.get(contender) ?? [];
    ofFigure.set(contender, values);
    values.push(value);
  }

  of(figure: string, contender: string): readonly number[] {
    return this.#values.get(figure)?.get(contender) ?? [];
  }

  /** Everybody who has values of this figure. */
  contenders(figure: string): string[] {
    return [...(this.#values.get(figure)?.keys() ?? [])];
  }
}
