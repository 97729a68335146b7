import { readIfPresent } from './controlFile.ts';
import { parseUnsigned64, type Unsigned64 } from './unsigned64.ts';

/**
 * Parses lines of `key value`, as in memory.stat. Lines of any other form are left out, so that a
 * kernel with richer files does not take all statistics away.
 */
export function parseKeyValues(text: string): Map<string, Unsigned64> {
  const values = new Map<string, Unsigned64>();
  for (const line of text.split('\n')) {
    const [key, digits, more] = line.trim().split(/\s+/);
    if (key === undefined || digits === undefined || more !== undefined) continue;
    const value = parseUnsigned64(digits);
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

/** The pairs of a control file, undefined when it is missing. */
export function readKeyValues(path: string): Map<string, Unsigned64> | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : parseKeyValues(text);
}

/**
 * The same for those who look out for OOM kills: no failure is an error there, since an exit must be
 * reported whatever the last look brings, and the next signal brings the next look.
 */
export function lookAtKeyValues(path: string): Map<string, Unsigned64> | undefined {
  try {
    return readKeyValues(path);
  } catch {
    return undefined;
  }
}
