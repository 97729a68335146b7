import { native } from './addon.ts';
import { check } from './error.ts';
import { readText } from './files.ts';
import { slots } from './native.ts';
import { parentPid } from './processes.ts';

export interface OpenFileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** The environment variable by which `start` tells the server the soft limit that it was given itself. */
export const SOFT_LIMIT_VARIABLE = 'PODSHIM_NOFILE_SOFT';

let inherited: OpenFileLimit | undefined;

function limitNumber(word: string | undefined): number | undefined {
  if (word === 'unlimited') return Number.POSITIVE_INFINITY;
  const number = Number(word);
  return word !== undefined && word !== '' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

function parentLimit(): OpenFileLimit | undefined {
  try {
    const text = readText(`/proc/${parentPid()}/limits`);
    // Columns of fixed width; a regular expression costs `start` a third of a millisecond.
    const line = text.slice(text.indexOf('\nMax open files ') + 1);
    const soft = limitNumber(line.slice(26, 46).trim());
    const hard = limitNumber(line.slice(47, 67).trim());
    return soft === undefined || hard === undefined ? undefined : { soft, hard };
  } catch {
    return undefined;
  }
}

function noted(): number | undefined {
  const limit = native().initialOpenFileLimit();
  return limit < 0 ? undefined : limit;
}

function guessed(now: OpenFileLimit): number | undefined {
  const parent = parentLimit();
  return parent?.hard === now.hard ? parent.soft : undefined;
}

/** The limit as it is now. */
export function currentOpenFiles(): OpenFileLimit {
  check(native().openFileLimit(slots), 'getrlimit');
  return { soft: slots[0] ?? 0, hard: slots[1] ?? 0 };
}

/**
 * The limit of open files that this process was started with, for its children: containers inherit it through the
 * runtime and must see what the daemon was given (contract 3.8).
 *
 * Both JavaScript runtimes raise the soft limit to the hard limit in themselves before any of our code runs, and the
 * kernel does not keep the old value. So it comes from, in this order:
 * 1. PODSHIM_NOFILE_SOFT, which whoever started us has set because it knew;
 * 2. the shipped binary's first instructions, which note it before the runtime starts (native/entry);
 * 3. the parent, when its hard limit is ours. That is a guess: a daemon written in Go raises its own soft limit, though
 *    it restores it for its children;
 * 4. what we have now.
 * The answer is kept from the first call on: the parent of a server ends soon after it.
 */
export function inheritedOpenFiles(): OpenFileLimit {
  if (inherited !== undefined) return inherited;
  const now = currentOpenFiles();
  const told = limitNumber(process.env[SOFT_LIMIT_VARIABLE]);
  const before = told ?? noted() ?? guessed(now) ?? now.soft;
  inherited = { soft: Math.min(before, now.hard), hard: now.hard };
  return inherited;
}
