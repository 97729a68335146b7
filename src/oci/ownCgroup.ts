import type { Bundle } from './bundle.ts';

/**
 * The cgroup that config.json gives to a container and to nobody else: a path that ends in the container's id.
 * @returns undefined for anything else, as for systemd's slices, and when there is no config.json that can be read
 */
export function ownCgroupPath(bundle: Bundle, id: string): string | undefined {
  let path: unknown;
  try {
    path = bundle.readSpec().linux?.cgroupsPath;
  } catch {
    return undefined;
  }
  if (typeof path !== 'string' || !path.startsWith('/') || !path.endsWith(`/${id}`))
    return undefined;
  return path.split('/').includes('..') ? undefined : path;
}
