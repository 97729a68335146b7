import type { Hierarchy } from './mode.ts';

/** What /proc/<pid>/cgroup says. */
export interface CgroupPaths {
  /** Path in the v2 hierarchy, from the line `0::`. */
  readonly unified: string | undefined;
  /** Path in each v1 hierarchy by subsystem name or `name=…`. */
  readonly bySubsystem: ReadonlyMap<string, string>;
}

/** Parses /proc/<pid>/cgroup: lines of `id:subsystem,subsystem:path`. A path may contain colons. */
export function parseCgroupFile(text: string): CgroupPaths {
  let unified: string | undefined;
  const bySubsystem = new Map<string, string>();
  for (const line of text.split('\n')) {
    const afterId = line.indexOf(':');
    const afterNames = line.indexOf(':', afterId + 1);
    if (afterId < 0 || afterNames < 0) continue;
    const names = line.slice(afterId + 1, afterNames);
    const path = line.slice(afterNames + 1);
    if (names === '') {
      unified ??= path;
      continue;
    }
    for (const name of names.split(',')) bySubsystem.set(name, path);
  }
  return { unified, bySubsystem };
}

/**
 * The directory of a cgroup below a v1 mount. A mount in a container may show only a part of the
 * hierarchy, so its root is taken off the path. Undefined when the mount cannot show the cgroup.
 */
export function directoryIn(hierarchy: Hierarchy, path: string): string | undefined {
  const { mountPoint, root } = hierarchy;
  if (path.split('/').includes('..')) return undefined;
  if (root === '/') return joinPath(mountPoint, path);
  if (path === root) return mountPoint;
  if (path.startsWith(`${root}/`)) return joinPath(mountPoint, path.slice(root.length));
  // The kernel shows paths relative to the cgroup namespace, the mount may be older than that.
  return joinPath(mountPoint, path);
}

/** Joins a mount point and an absolute cgroup path, where `/` is the mount point itself. */
export function joinPath(mountPoint: string, path: string): string {
  return path === '/' ? mountPoint : `${mountPoint}${path}`;
}
