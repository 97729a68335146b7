import type { AnyValue } from '../proto/any.ts';
import { isDirectory, readIfPresent } from './controlFile.ts';
import { type CgroupMode, cgroupMode } from './mode.ts';
import { directoryIn, joinPath, parseCgroupFile } from './paths.ts';
import type { SubsystemDirectories } from './statsV1.ts';

/** A container's cgroup as it was when it was loaded. It holds no descriptors. */
export type Cgroup = CgroupV1 | CgroupV2;

/** The subsystems that metrics are read from. Others do not make a cgroup worth loading. */
const measuredSubsystems = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids', 'hugetlb', 'rdma'];

/** A cgroup of the v1 hierarchies: one directory for each subsystem. */
export class CgroupV1 {
  readonly version = 1;
  readonly directories: SubsystemDirectories;

  constructor(directories: SubsystemDirectories) {
    this.directories = directories;
  }

  /** The metrics now, as `io.containerd.cgroups.v1.Metrics`. Zeros once the cgroup is gone. */
  async stats(): Promise<AnyValue> {
    const { packedStatsV1 } = await import('./packedStatsV1.ts');
    return packedStatsV1(this.directories);
  }
}

/** A cgroup of the unified hierarchy. */
export class CgroupV2 {
  readonly version = 2;
  readonly mountPoint: string;
  readonly directory: string;

  constructor(mountPoint: string, directory: string) {
    this.mountPoint = mountPoint;
    this.directory = directory;
  }

  /** The metrics now, as `io.containerd.cgroups.v2.Metrics`. Zeros once the cgroup is gone. */
  async stats(): Promise<AnyValue> {
    const { packedStatsV2 } = await import('./packedStatsV2.ts');
    return packedStatsV2(this.directory);
  }
}

/**
 * The cgroup a process is in. Undefined when the process or its cgroup is gone; Stats then answers
 * "cgroup does not exist" (contract 5.3 step 12).
 */
export function loadCgroup(pid: number, mode: CgroupMode = cgroupMode()): Cgroup | undefined {
  const text = readIfPresent(`/proc/${pid}/cgroup`);
  return text === undefined ? undefined : locateCgroup(text, mode);
}

/** The cgroup that the text of a /proc/<pid>/cgroup file names. */
export function locateCgroup(cgroupFile: string, mode: CgroupMode): Cgroup | undefined {
  const paths = parseCgroupFile(cgroupFile);
  if (mode.unified) {
    if (paths.unified === undefined) return undefined;
    const directory = joinPath(mode.mountPoint, paths.unified);
    return isDirectory(directory) ? new CgroupV2(mode.mountPoint, directory) : undefined;
  }
  const directories = new Map<string, string>();
  for (const subsystem of measuredSubsystems) {
    const path = paths.bySubsystem.get(subsystem);
    const hierarchy = mode.hierarchies.get(subsystem);
    if (path === undefined || hierarchy === undefined) continue;
    const directory = directoryIn(hierarchy, path);
    if (directory !== undefined && isDirectory(directory)) directories.set(subsystem, directory);
  }
  return directories.size === 0 ? undefined : new CgroupV1(directories);
}
