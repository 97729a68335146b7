import { native } from './addon.ts';
import { check } from './error.ts';

/**
 * A new user namespace, without any process in it.
 * @param uidMap lines of `inside outside count`, as in /proc/PID/uid_map
 * @returns its descriptor, which the caller closes
 */
export function openUserNamespace(uidMap: string, gidMap: string): number {
  return check(native().openUserNamespace(uidMap, gidMap), 'clone');
}

/** Mounts a copy of the mount at `source` on `target`, its owners translated by a user namespace. */
export function mountIdMapped(source: string, target: string, namespace: number): void {
  check(native().mountIdMapped(source, target, namespace), 'mount_setattr', target);
}
