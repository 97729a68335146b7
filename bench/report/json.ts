import type { BenchResult } from '../main.ts';

/** Everything that was measured, for programs: what the table says, and every sample. */
export function toJson({
  options,
  machine,
  names,
  results,
  judgements,
  samples,
}: BenchResult): string {
  const rows = results.map(({ row, seconds, notes, failure }) => ({
    name: row.name,
    sentence: row.sentence,
    seconds,
    notes,
    failure: failure ?? null,
    figures: judgements
      .filter(({ figure }) => row.figures.some(({ id }) => id === figure.id))
      .map(({ figure, spreads, reference, ratio, hidden, bars }) => ({
        id: figure.id,
        title: figure.title,
        unit: figure.unit,
        better: figure.better,
        reference,
        ratio: ratio ?? null,
        noise: hidden,
        bars,
        spreads: Object.fromEntries(spreads),
        samples: Object.fromEntries(
          samples.contenders(figure.id).map((name) => [name, samples.of(figure.id, name)]),
        ),
      })),
  }));
  const { quick, rounds = null } = options;
  return `${JSON.stringify({ machine, quick, rounds, shims: names, rows }, null, 2)}\n`;
}
