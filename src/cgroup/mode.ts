import { isSystemError } from '../posix/error.ts';
import { readText } from '../posix/files.ts';
import { fileSystemType } from '../posix/paths.ts';

/** Where containerd and runc expect cgroups. */
const standardMountPoint = '/sys/fs/cgroup';
const cgroup2Magic = 0x63677270;

/** One mounted v1 hierarchy. `root` is the cgroup that the mount shows at its mount point. */
export interface Hierarchy {
  readonly mountPoint: string;
  readonly root: string;
}

/** How this machine shows its cgroups. */
export type CgroupMode =
  | { readonly unified: true; readonly mountPoint: string }
  | {
      readonly unified: false;
      /** By subsystem name (`memory`, `cpu`) or `name=systemd`. Co-mounted ones share a hierarchy. */
      readonly hierarchies: ReadonlyMap<string, Hierarchy>;
    };

let modeOfThisMachine: CgroupMode | undefined;

/**
 * The cgroup mode, read once. Unified when the file system at /sys/fs/cgroup is cgroup2; a hybrid
 * set-up counts as v1, because its controllers are there (contract 5.13).
 */
export function cgroupMode(): CgroupMode {
  modeOfThisMachine ??= detect();
  return modeOfThisMachine;
}

/** Whether this machine uses cgroup v2 alone. */
export function isUnified(): boolean {
  return cgroupMode().unified;
}

/** Parses the cgroup v1 mounts of a mountinfo file. The first mount of a subsystem counts. */
export function parseHierarchies(mountInfo: string): Map<string, Hierarchy> {
  const hierarchies = new Map<string, Hierarchy>();
  for (const line of mountInfo.split('\n')) {
    const separator = line.indexOf(' - cgroup ');
    if (separator < 0) continue;
    const [, , , root, mountPoint] = line.slice(0, separator).split(' ');
    const superOptions = line.slice(separator).trim().split(' ').at(-1);
    if (root === undefined || mountPoint === undefined || superOptions === undefined) continue;
    const hierarchy = { mountPoint: unescapeOctal(mountPoint), root: unescapeOctal(root) };
    for (const option of superOptions.split(',')) {
      if (!hierarchies.has(option)) hierarchies.set(option, hierarchy);
    }
  }
  for (const option of notSubsystems) hierarchies.delete(option);
  return hierarchies;
}

/** Mount options that stand beside the subsystem names. */
const notSubsystems = ['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'none'];

function detect(): CgroupMode {
  try {
    if (fileSystemType(standardMountPoint) === cgroup2Magic) {
      return { unified: true, mountPoint: standardMountPoint };
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return { unified: false, hierarchies: parseHierarchies(readText('/proc/self/mountinfo')) };
}

function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
