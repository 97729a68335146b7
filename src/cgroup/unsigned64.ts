/**
 * An unsigned 64-bit value: a number where a number is exact, a bigint where it is not. Both compare
 * with `>` and both are what the message encoder takes.
 */
export type Unsigned64 = number | bigint;

/** 2^64-1, which stands for "no limit" in cgroup v2 metrics (contract 5.13). */
export const unlimited: Unsigned64 = 0xffff_ffff_ffff_ffffn;

/**
 * Parses a decimal without loss. Negative numbers give 0, as some counters drift below zero in the
 * kernel (contract 5.13). Undefined for anything else, including what does not fit 64 bits.
 */
export function parseUnsigned64(text: string): Unsigned64 | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  if (text.startsWith('-')) return 0;
  // 2^53 has 16 digits, so 15 are always exact.
  if (text.length <= 15) return Number(text);
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value > unlimited ? undefined : value;
}

/** `value * factor`, modulo 2^64. The factor is a safe integer. */
export function multiply(value: Unsigned64, factor: number): Unsigned64 {
  if (typeof value === 'number' && value * factor <= Number.MAX_SAFE_INTEGER) return value * factor;
  return BigInt.asUintN(64, BigInt(value) * BigInt(factor));
}
