import { CGROUP2_SUPER_MAGIC } from '../../posix/constants.ts';
import { readText } from '../../posix/files.ts';
import { fileSystemType } from '../../posix/paths.ts';
import type { OciSpec } from '../spec.ts';
import { hasOwnPidNamespace } from '../spec.ts';
import {
  type DirectContainer,
  type DirectSource,
  demand,
  hasHooks,
  isAbsent,
  isObject,
  ownCgroup,
  readObject,
} from './directContainer.ts';

const cgroupRoot = '/sys/fs/cgroup';

/**
 * Reads crun's `status`, and the configuration for what it does not say (crun 1: container.c, status.c, cgroup-utils.c).
 * @throws NotDirect
 */
export function readCrunState(source: DirectSource, spec: OciSpec): DirectContainer {
  const { id, pid, stateDirectory } = source;
  const status = readObject(`${stateDirectory}/status`);
  demand(status.pid === pid, 'status is of another process');
  demand(status['systemd-cgroup'] === false && isAbsent(status.scope), 'systemd cgroup driver');
  demand(!hasHooks(spec.hooks), 'hooks');
  demand(isAbsent(spec.linux?.intelRdt), 'intelRdt');
  demand(isAbsent(spec.linux?.netDevices), 'netDevices');
  demand(hasOwnPidNamespace(spec), 'no pid namespace of its own');
  demand(!hasOwnAnnotations(spec.annotations), 'run.oci annotations');
  const path = status['cgroup-path'];
  demand(typeof path === 'string' && path.startsWith('/'), 'no cgroup of its own');
  const cgroups = mountPoints().map((mountPoint) => ownCgroup(`${mountPoint}${path}`, id));
  return { kind: 'crun', stateDirectory, cgroups, freezer: undefined };
}

/** They choose another handler, delegate cgroups, redirect hooks: what a crun does with them is its own affair. */
function hasOwnAnnotations(annotations: unknown): boolean {
  return (
    isObject(annotations) && Object.keys(annotations).some((name) => name.startsWith('run.oci.'))
  );
}

/** Where crun looks for the container's directories: one hierarchy, or those that /proc/self/cgroup names. */
function mountPoints(): readonly string[] {
  if (fileSystemType(cgroupRoot) === CGROUP2_SUPER_MAGIC) return [cgroupRoot];
  const points: string[] = [];
  for (const line of readText('/proc/self/cgroup').split('\n')) {
    const controllers = line.split(':')[1]?.replace('name=', '');
    if (controllers) points.push(`${cgroupRoot}/${controllers}`);
  }
  return points;
}
