import type { Bar, Figure } from '../row.ts';
import type { Samples } from './samples.ts';
import { type Ratio, ratioOfMedians, type Spread, spreadOf } from './statistics.ts';

/** Wider than this part of the ratio, an interval hides a bar that lies within it. */
const WIDEST_INTERVAL = 0.2;

export type Verdict = 'met' | 'missed' | 'noise';

export interface JudgedBar {
  readonly text: string;
  readonly verdict: Verdict;
}

/** What became of one figure. */
export interface Judgement {
  readonly figure: Figure;
  /** By contender. */
  readonly spreads: ReadonlyMap<string, Spread>;
  /** Whose median the ratio is divided by. */
  readonly reference: string;
  /** Undefined where the figure has no values of both. */
  readonly ratio: Ratio | undefined;
  /** The ratio is not to be told. */
  readonly hidden: boolean;
  readonly bars: readonly JudgedBar[];
}

/** Undefined where podshim has no values. */
export function judge(
  figure: Figure,
  samples: Samples,
  [ours, other]: readonly [string, string],
): Judgement | undefined {
  const reference = figure.reference ?? other;
  const mine = samples.of(figure.id, ours);
  const theirs = samples.of(figure.id, reference);
  if (mine.length === 0) return undefined;
  const ratioBars = figure.bars.filter(({ kind }) => kind !== 'value');
  const ratio = theirs.length === 0 ? undefined : ratioOfMedians(mine, theirs);
  const hidden =
    ratio !== undefined &&
    (ratioBars.length === 0
      ? isHidden(ratio, 1)
      : ratioBars.every((bar) => isHidden(withAllowance(bar, mine, theirs), bar.limit)));
  return {
    figure,
    spreads: new Map(
      samples.contenders(figure.id).map((name) => [name, spreadOf(samples.of(figure.id, name))]),
    ),
    reference,
    ratio,
    hidden,
    bars: figure.bars.map((bar) => judgeBar(figure, bar, mine, theirs)),
  };
}

function judgeBar(
  figure: Figure,
  bar: Bar,
  mine: readonly number[],
  theirs: readonly number[],
): JudgedBar {
  const sign = figure.better === 'lower' ? '≤' : '≥';
  if (bar.kind === 'value') {
    const isMet = spreadOf(mine).median <= bar.limit;
    const text = `${sign} ${bar.limit} ${figure.unit}`.trim();
    return { text, verdict: isMet ? 'met' : 'missed' };
  }
  const more = bar.kind === 'ratioAndMore' ? ` × + ${bar.more} ${figure.unit}` : '';
  const text = `${sign} ${bar.limit.toFixed(2)}${more}`;
  if (theirs.length === 0) return { text, verdict: 'noise' };
  const ratio = withAllowance(bar, mine, theirs);
  if (isHidden(ratio, bar.limit)) return { text, verdict: 'noise' };
  const isMet = figure.better === 'lower' ? ratio.value <= bar.limit : ratio.value >= bar.limit;
  return { text, verdict: isMet ? 'met' : 'missed' };
}

function withAllowance(bar: Bar, mine: readonly number[], theirs: readonly number[]): Ratio {
  return ratioOfMedians(mine, theirs, bar.kind === 'ratioAndMore' ? bar.more : 0);
}

function isHidden({ value, low, high }: Ratio, limit: number): boolean {
  return high - low > Math.abs(value) * WIDEST_INTERVAL && low <= limit && limit <= high;
}
