import { MNT_DETACH } from '../posix/constants.ts';
import { closeFile } from '../posix/files.ts';
import { mountIdMapped, openUserNamespace } from '../posix/idmap.ts';
import { unmount } from '../posix/mounts.ts';
import { makeDirectory, removeDirectory } from '../posix/paths.ts';
import { lowerDirectories, withLowerDirectories } from './overlay.ts';

/** Owners of a mount, translated: `container:host:size[,…]` for users and groups (contract 12.2). */
export interface IdMaps {
  readonly uidMap: string;
  readonly gidMap: string;
}

/** `0:1000:10,10:2000:5` in the format of /proc/PID/uid_map. @throws Error when it does not have that form */
export function idMapLines(map: string): string {
  return map
    .split(',')
    .map((part) => {
      if (!/^[0-9]{1,10}:[0-9]{1,10}:[0-9]{1,10}$/.test(part)) {
        throw new Error(`invalid ID mapping ${JSON.stringify(map)}`);
      }
      return `${part.replaceAll(':', ' ')}\n`;
    })
    .join('');
}

function withUserNamespace<Result>(maps: IdMaps, use: (namespace: number) => Result): Result {
  const namespace = openUserNamespace(idMapLines(maps.uidMap), idMapLines(maps.gidMap));
  try {
    return use(namespace);
  } finally {
    closeFile(namespace);
  }
}

/** Puts a translated copy of the mount at `mountPoint` on top of it. */
export function mapMountedOwners(mountPoint: string, maps: IdMaps): void {
  withUserNamespace(maps, (namespace) => mountIdMapped(mountPoint, mountPoint, namespace));
}

/**
 * An overlay takes its owners from its layers: so each lower directory is mounted, translated, on a directory of its
 * own, the overlay is mounted from these, and then they are taken away again, which the overlay survives.
 * @param mountWith mounts the overlay with the options it is given
 */
export function mountWithMappedLayers(
  options: readonly string[],
  maps: IdMaps,
  mountWith: (options: readonly string[]) => void,
): void {
  const layers = lowerDirectories(options);
  if (layers.length === 0) throw new Error("failed to parse overlay lowerdir's from given options");
  const directory = makeTemporaryDirectory();
  const mounted: string[] = [];
  const made: string[] = [];
  try {
    withUserNamespace(maps, (namespace) => {
      for (const [index, layer] of layers.entries()) {
        const copy = `${directory}/${index}`;
        makeDirectory(copy, 0o700);
        made.push(copy);
        mountIdMapped(layer, copy, namespace);
        mounted.push(copy);
      }
    });
    mountWith(withLowerDirectories(options, made));
  } finally {
    // Detached, because the overlay holds them; they are gone with it.
    for (const copy of mounted) unmount(copy, MNT_DETACH);
    for (const copy of made) removeDirectory(copy);
    removeDirectory(directory);
  }
}

function makeTemporaryDirectory(): string {
  const parent = process.env.TMPDIR || '/tmp';
  for (;;) {
    const path = `${parent}/ovl-idmapped${Math.random().toString(36).slice(2, 12)}`;
    if (makeDirectory(path, 0o700)) return path;
  }
}
