/**
 * How much a run does: the quick and quiet part of everything, everything at a size for every day, or everything at the
 * size that the list of known troubles asks for.
 */
export type Size = 'fast' | 'middle' | 'full';

/** How often, or how many, in a run of each size. What is not said for a fast one is as in the middle. */
export interface Amounts {
  readonly fast?: number;
  readonly middle: number;
  readonly full: number;
}

export function amountIn(size: Size, amounts: Amounts): number {
  return amounts[size] ?? amounts.middle;
}
