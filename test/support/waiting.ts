import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MILLISECONDS = 20;

/**
 * Waits for something that the kernel tells nobody about (a process of a stranger ends, a directory goes).
 * Resolves with the first value that is not undefined or false; rejects with what was awaited when time is up.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMilliseconds = 20_000,
): Promise<T> {
  const end = performance.now() + limitMilliseconds;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`not in ${limitMilliseconds} ms: ${what}`);
    await sleep(STEP_MILLISECONDS);
  }
}
