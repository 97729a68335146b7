/** A middle value and how far the values lie apart: half of them between `low` and `high`. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** A ratio of two medians, and the interval in which it lies with 95 % certainty. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

/** The value below which this part of the values lies, between two neighbours in proportion. NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    count: values.length,
  };
}

/**
 * The ratio of the medians of two samples, with its interval by the bootstrap: samples are drawn again from what was
 * measured, with replacement, and the ratio is taken of each draw. Values of the same round were measured one after the
 * other and are drawn together where each round has both: what slowed the machine down for a while then slows both.
 * The draws are the same each time, so the same samples give the same interval.
 */
export function ratioOfMedians(ours: readonly number[], theirs: readonly number[]): Ratio {
  const random = randomNumbers(ours.length * 31 + theirs.length);
  const draw = (length: number): number[] =>
    Array.from({ length }, () => Math.floor(random() * length));
  const ratios: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    const ourPlaces = draw(ours.length);
    const theirPlaces = ours.length === theirs.length ? ourPlaces : draw(theirs.length);
    ratios.push(medianAt(ours, ourPlaces) / medianAt(theirs, theirPlaces));
  }
  return {
    value: median(ours) / median(theirs),
    low: quantile(ratios, 0.025),
    high: quantile(ratios, 0.975),
  };
}

function medianAt(values: readonly number[], places: readonly number[]): number {
  return median(places.map((place) => values[place] ?? Number.NaN));
}

/** Evenly distributed numbers from 0 up to 1, the same for the same seed (the generator called mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
