import { reasonOf } from '../platform/reason.ts';
import { isDirectory, writeControl } from './controlFile.ts';
import { type CgroupMode, cgroupMode } from './mode.ts';
import { directoryIn, joinPath } from './paths.ts';

/**
 * Moves a process into an existing cgroup, for the option `shim_cgroup` (contract 3.1 step 5). In v1
 * that is the directory of this path in every hierarchy that has it. Throws with the texts
 * `failed to load cgroup X: …` and `failed to join cgroup X: …`.
 */
export function joinCgroup(path: string, pid: number, mode: CgroupMode = cgroupMode()): void {
  let directories: readonly string[];
  try {
    directories = mode.unified
      ? [joinPath(mode.mountPoint, verified(path))]
      : existingDirectories(path, mode.hierarchies.values());
  } catch (error) {
    throw new Error(`failed to load cgroup ${path}: ${reasonOf(error)}`, { cause: error });
  }
  for (const directory of directories) {
    try {
      writeControl(`${directory}/cgroup.procs`, String(pid));
    } catch (error) {
      throw new Error(`failed to join cgroup ${path}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

function existingDirectories(
  path: string,
  hierarchies: Iterable<{ mountPoint: string; root: string }>,
): readonly string[] {
  const absolute = path.startsWith('/') ? path : `/${path}`;
  const directories = new Set<string>();
  for (const hierarchy of hierarchies) {
    const directory = directoryIn({ ...hierarchy, root: '/' }, absolute);
    if (directory !== undefined && isDirectory(directory)) directories.add(directory);
  }
  if (directories.size === 0) throw new Error('cgroups: cgroup deleted');
  return [...directories];
}

function verified(path: string): string {
  const names = path.split('/').slice(1);
  const clean = path === '/' || names.every((name) => !['', '.', '..'].includes(name));
  if (!path.startsWith('/') || !clean) throw new Error('cgroups: invalid group path');
  return path;
}
