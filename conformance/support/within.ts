/**
 * What pains.md calls "less than a second" and "less than three seconds", with room for a machine that does other
 * things as well. What is meant to fail takes ten seconds or for ever.
 */
export const PROMPTLY = 2500;
export const SOON = 5000;

/** Fails when a promise takes longer. The work itself goes on. */
export function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`${what}: not in ${milliseconds} ms`)),
      milliseconds,
    );
    work.then(resolve, reject).finally(() => clearTimeout(limit));
  });
}

/** @returns how long it took, in milliseconds */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The value below which 99 of 100 lie. */
export function percentile99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}
