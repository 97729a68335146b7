import { SIGKILL } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { readText, writeFile } from '../posix/files.ts';
import { listDirectory, removeDirectory } from '../posix/paths.ts';
import { sendSignal } from '../posix/processes.ts';
import { cgroupMode } from './mode.ts';

const cgroupRoot = '/sys/fs/cgroup';
const attempts = 20;
const pauseMilliseconds = 25;

/**
 * Kills whoever is in a container's cgroup, and removes it, in every hierarchy. For cgroups that no runtime knows of:
 * it made them and died before it noted that.
 * @param path as in config.json: absolute, below the root of each hierarchy
 */
export async function endCgroups(path: string): Promise<void> {
  const hierarchies = cgroupMode().unified
    ? [cgroupRoot]
    : (attempt(() => listDirectory(cgroupRoot)) ?? []).map((name) => `${cgroupRoot}/${name}`);
  let left = hierarchies.map((hierarchy) => `${hierarchy}${path}`).filter(isThere);
  for (let round = 0; round < attempts && left.length > 0; round += 1) {
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    killIn(left);
    for (const cgroup of left) removeCgroup(cgroup);
    left = left.filter(isThere);
  }
}

/** Kills every process in the cgroups. Who is dead already, or on the way there, still keeps a cgroup for a moment. */
export function killIn(cgroups: readonly string[]): void {
  for (const cgroup of cgroups) {
    // A frozen process does not die before it is thawed.
    attempt(() => writeFile(`${cgroup}/freezer.state`, 'THAWED', 0));
    attempt(() => writeFile(`${cgroup}/cgroup.freeze`, '0', 0));
  }
  for (const pid of new Set(cgroups.flatMap(processesIn))) {
    attempt(() => sendSignal(pid, SIGKILL));
  }
}

/** Removes a cgroup and what is below it. One that still has processes stays. */
export function removeCgroup(path: string): void {
  attempt(() => {
    for (const name of listDirectory(path)) {
      if (!name.includes('.') && name !== 'tasks') removeCgroup(`${path}/${name}`);
    }
  });
  attempt(() => void removeDirectory(path));
}

function isThere(path: string): boolean {
  return attempt(() => listDirectory(path)) !== undefined;
}

function processesIn(cgroup: string): readonly number[] {
  const text = attempt(() => readText(`${cgroup}/cgroup.procs`)) ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** For steps that may find nothing to do: what the kernel refuses is left as it is. */
export function attempt<Result>(step: () => Result): Result | undefined {
  try {
    return step();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
