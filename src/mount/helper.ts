import { closeFile, makeMemoryFile, readSome, rewind } from '../posix/files.ts';
import { findExecutable } from '../posix/paths.ts';
import type { Reaper } from '../reaper/reaper.ts';

const outputBytes = 64 * 1024;

/** What it takes to run `mount.fuse` and its kind. */
export interface HelperSettings {
  readonly reaper: Reaper;
  /** `NAME=value`; its PATH is searched. */
  readonly environment: readonly string[];
  readonly openFiles: { readonly soft: number; readonly hard: number } | undefined;
}

export interface HelperResult {
  readonly status: number;
  readonly output: string;
}

/**
 * Runs a helper to its end. A file system's daemon that it leaves behind lives on, as a child of this process.
 * @returns undefined when there is no such program on $PATH.
 */
export async function runHelper(
  name: string,
  words: readonly string[],
  settings: HelperSettings,
): Promise<HelperResult | undefined> {
  const searchPath = settings.environment.find((entry) => entry.startsWith('PATH='))?.slice(5);
  const path = findExecutable(name, searchPath);
  if (path === undefined) return undefined;
  const output = makeMemoryFile('helper-output');
  try {
    const exit = await settings.reaper.run({
      path,
      argv: [name, ...words],
      environment: settings.environment,
      directory: '/',
      descriptors: [-1, output, output],
      killWithParent: false,
      newProcessGroup: true,
      openFiles: settings.openFiles,
    });
    rewind(output);
    const printed = readSome(output, outputBytes) ?? new Uint8Array(0);
    return { status: exit.status, output: new TextDecoder().decode(printed) };
  } finally {
    closeFile(output);
  }
}
