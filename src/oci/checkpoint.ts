import { readFile, writeFile } from '../posix/files.ts';
import { removeTree } from '../posix/paths.ts';
import type { Bundle } from './bundle.ts';

const logLimitBytes = 64 * 1024 * 1024;

/** CRIU's working directory for one checkpoint. */
export interface WorkDirectory {
  readonly path: string;
  remove(): void;
}

/** The caller's directory, which is kept; without one, a directory below the bundle's `work`, which is removed. */
export function workDirectory(bundle: Bundle, given: string): WorkDirectory {
  if (given !== '') return { path: given, remove: () => {} };
  const path = `${bundle.work}/criu-work`;
  return { path, remove: () => removeQuietly(path) };
}

/** Copies CRIU's log to where the error text says it is. There may be none: the runtime can fail before CRIU runs. */
export function keepDumpLog(bundle: Bundle, workPath: string): void {
  try {
    writeFile(bundle.criuDumpLog, readFile(`${workPath}/dump.log`, logLimitBytes), 0o600);
  } catch {
    // The runtime's own error is what the caller has to see.
  }
}

/** What is left here is removed with the container's persistent directory at the latest. */
function removeQuietly(path: string): void {
  try {
    removeTree(path);
  } catch {
    // The checkpoint itself has its own outcome.
  }
}
