import { isSystemError } from '../posix/error.ts';
import { linkStatus, listDirectory } from '../posix/paths.ts';
import { lookAtKeyValues } from './keyValues.ts';

/** What memory.oom_control of a v1 cgroup says. */
export interface OomControl {
  /** Kills in this cgroup alone. Undefined before Linux 4.13. */
  readonly kills: number | undefined;
  readonly killerOff: boolean;
}

/** Kills by directory, of a cgroup and those below. */
export type KillCounts = ReadonlyMap<string, number>;

/** Undefined when the cgroup is gone or cannot be read. */
export function readOomControl(directory: string): OomControl | undefined {
  const values = lookAtKeyValues(`${directory}/memory.oom_control`);
  if (values === undefined) return undefined;
  const kills = values.get('oom_kill');
  return {
    kills: kills === undefined ? undefined : Number(kills),
    killerOff: values.get('oom_kill_disable') === 1,
  };
}

/** The kills of a cgroup and of all below that exist now. */
export function countKills(directory: string): KillCounts {
  const counts = new Map<string, number>();
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const kills = readOomControl(next)?.kills;
    if (kills === undefined) continue;
    counts.set(next, kills);
    waiting.push(...directoriesIn(next));
  }
  return counts;
}

/** Whether any count is higher than before. A directory that is new starts from 0. */
export function hasRisen(before: KillCounts, now: KillCounts): boolean {
  for (const [directory, kills] of now) {
    if (kills > (before.get(directory) ?? 0)) return true;
  }
  return false;
}

function directoriesIn(directory: string): string[] {
  try {
    return listDirectory(directory)
      .map((name) => `${directory}/${name}`)
      .filter((path) => linkStatus(path).type === 'directory');
  } catch (error) {
    // Removed while we looked, or out of descriptors: this look goes without those below.
    if (isSystemError(error)) return [];
    throw error;
  }
}
