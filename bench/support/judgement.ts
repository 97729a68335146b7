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
  const ratio = theirs.length === 0 ? undefined : ratioOfMedians(mine, theirs);
  const limit = figure.bars.find(({ kind }) => kind === 'ratio')?.limit ?? 1;
  return {
    figure,
    spreads: new Map(
      samples.contenders(figure.id).map((name) => [name, spreadOf(samples.of(figure.id, name))]),
    ),
    reference,
    ratio,
    hidden: ratio !== undefined && isHidden(ratio, limit),
    bars: figure.bars.map((bar) => judgeBar(figure, bar, mine, theirs)),
  };
}

/** A bar in words. */
export function describeBar({ better, unit }: Figure, bar: Bar): string {
  const sign = better === 'lower' ? '≤' : '≥';
  if (bar.kind === 'value') return `${sign} ${bar.limit} ${unit}`.trim();
  const more = bar.kind === 'ratioAndMore' ? ` × + ${bar.more} ${unit}` : '';
  return `${sign} ${bar.limit.toFixed(2)}${more}`;
}

function judgeBar(
  figure: Figure,
  bar: Bar,
  mine: readonly number[],
  theirs: readonly number[],
): JudgedBar {
  const text = describeBar(figure, bar);
  if (bar.kind === 'value') {
    return { text, verdict: spreadOf(mine).median <= bar.limit ? 'met' : 'missed' };
  }
  if (theirs.length === 0) return { text, verdict: 'noise' };
  const more = bar.kind === 'ratioAndMore' ? bar.more : 0;
  const allowed = theirs.map((value) => value * bar.limit + more);
  const share = ratioOfMedians(mine, allowed);
  if (isHidden(share, 1)) return { text, verdict: 'noise' };
  const isMet = figure.better === 'lower' ? share.value <= 1 : share.value >= 1;
  return { text, verdict: isMet ? 'met' : 'missed' };
}

function isHidden({ value, low, high }: Ratio, limit: number): boolean {
  return high - low > Math.abs(value) * WIDEST_INTERVAL && low <= limit && limit <= high;
}
