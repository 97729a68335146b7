import type { RowContext } from './support/rowContext.ts';

/** What a figure has to reach. */
export type Bar =
  /** Of the median by that of the figure's reference: at most this, or at least, where higher is better. */
  | { readonly kind: 'ratio'; readonly limit: number }
  /** At most so many times the reference's median, and this much more. */
  | { readonly kind: 'ratioAndMore'; readonly limit: number; readonly more: number }
  /** The median itself, in the figure's unit: at most this. */
  | { readonly kind: 'value'; readonly limit: number };

/** One line of the table. */
export interface Figure {
  /** Unique among all figures. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** None: it is told, and nothing is asked of it. */
  readonly bars: readonly Bar[];
  /** What podshim is compared with; the other shim by default. */
  readonly reference?: string;
}

/** Something that is measured in one go. `--only` names it. */
export interface Row {
  readonly name: string;
  /** What is measured, and how. */
  readonly sentence: string;
  readonly figures: readonly Figure[];
  measure(context: RowContext): Promise<void>;
}

export function ratio(limit: number): Bar {
  return { kind: 'ratio', limit };
}

export function atMost(limit: number): Bar {
  return { kind: 'value', limit };
}
