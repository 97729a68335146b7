import type { RuntimeLauncher } from './runtimeLauncher.ts';

const answerBytes = 16 * 1024 * 1024;

/** Who the runtime says it is. */
export interface RuntimeVersion {
  /** `runc`, `crun`, or whatever comes before `version` in the first line; empty when there is no such line. */
  readonly name: string;
  /** `1.1.5+ds1` */
  readonly version: string;
  /** Everything it printed. */
  readonly text: string;
}

/** Reads what `--version` prints; never fails. */
export function parseVersion(text: string): RuntimeVersion {
  const match = /^(\S+) version (\S+)/m.exec(text);
  return { name: match?.[1] ?? '', version: match?.[2] ?? '', text };
}

/** Asks a runtime for its version. @throws CommandError */
export async function runtimeVersion(
  launcher: RuntimeLauncher,
  directory?: string,
): Promise<RuntimeVersion> {
  return parseVersion(
    await launcher.run({ arguments: ['--version'], directory, keptBytes: answerBytes }),
  );
}

/** The JSON of `features` (contract 8.7), unread. @throws CommandError, also for runtimes that have no such command. */
export async function runtimeFeatures(
  launcher: RuntimeLauncher,
  directory?: string,
): Promise<string> {
  return launcher.run({ arguments: ['features'], directory, keptBytes: answerBytes });
}

/**
 * The pids that `ps --format json` prints, in its order. `null` is an empty list (trap 54). Warnings on standard
 * error may come before the list.
 * @throws Error when there is no list of pids.
 */
export function parseProcessList(text: string): readonly number[] {
  const lines = text.trim().split('\n');
  for (const candidate of [text, lines.at(-1) ?? '']) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(candidate);
    } catch {
      continue;
    }
    if (parsed === null) return [];
    if (Array.isArray(parsed) && parsed.every((pid) => Number.isInteger(pid))) return parsed;
  }
  throw new Error(`not a list of process ids: ${JSON.stringify(text.slice(0, 256))}`);
}

/** Limit for a list of processes: more than a million pids. */
export const processListBytes = answerBytes;
