import { MS_BIND, MS_RDONLY, MS_REMOUNT } from '../posix/constants.ts';
import { closeFile } from '../posix/files.ts';
import { mount, mountFromDirectory } from '../posix/mounts.ts';
import { fuseMountOf, mountFuse } from './fuse.ts';
import type { HelperSettings } from './helper.ts';
import { mapMountedOwners, mountWithMappedLayers } from './idmap.ts';
import { lockedFlags } from './lockedFlags.ts';
import { attachLoopDevice } from './loop.ts';
import { type MountOptions, parseMountOptions } from './options.ts';
import { compactOverlay, isOverlayTooLong, pageSize } from './overlay.ts';
import { joinBelow } from './path.ts';
import { unmountAll } from './unmount.ts';

/** One entry of a Create request's `rootfs` (contract 12.2). */
export interface RootfsMount {
  readonly type: string;
  readonly source: string;
  /** Below the root file system; empty for the root file system itself. */
  readonly target: string;
  readonly options: readonly string[];
}

/**
 * Mounts the entries in order onto `target`. When one fails, those before it are unmounted again.
 * @param helpers what it takes to run FUSE's helpers; without it, FUSE mounts are refused
 * @throws Error with the first failure's reason
 */
export async function mountRootfs(
  mounts: readonly RootfsMount[],
  target: string,
  helpers?: HelperSettings,
): Promise<void> {
  const mounted: string[] = [];
  try {
    for (const entry of mounts) {
      const mountPoint = joinBelow(target, entry.target);
      // Before the attempt: it may take several steps and fail at a later one.
      mounted.push(mountPoint);
      await mountEntry(entry, mountPoint, helpers);
    }
  } catch (error) {
    for (const mountPoint of mounted.reverse()) {
      await unmountAll(mountPoint, helpers).catch(() => {
        // The reason of the failed mount is what the caller has to see.
      });
    }
    throw error;
  }
}

async function mountEntry(
  entry: RootfsMount,
  mountPoint: string,
  helpers: HelperSettings | undefined,
): Promise<void> {
  const fuse = fuseMountOf(entry.type);
  if (fuse === undefined) {
    mountWithKernel(entry, mountPoint);
    return;
  }
  if (helpers === undefined)
    throw new Error(`mount type ${entry.type}: FUSE is not supported here`);
  await mountFuse(fuse, entry.source, mountPoint, entry.options, helpers);
}

function mountWithKernel(entry: RootfsMount, mountPoint: string): void {
  const { uidMap, gidMap } = parseMountOptions(entry.options);
  if (uidMap === undefined || gidMap === undefined) {
    mountPlain(entry, mountPoint);
  } else if (entry.type === 'overlay') {
    mountWithMappedLayers(entry.options, { uidMap, gidMap }, (options) => {
      mountPlain({ ...entry, options }, mountPoint);
    });
  } else {
    mountPlain(entry, mountPoint);
    mapMountedOwners(mountPoint, { uidMap, gidMap });
  }
}

/** Without translation of owners. */
function mountPlain(entry: RootfsMount, mountPoint: string): void {
  const long = entry.type === 'overlay' && isOverlayTooLong(entry.options);
  const compacted = long ? compactOverlay(entry.options) : undefined;
  const options = parseMountOptions(compacted?.options ?? entry.options);
  const data = options.data.join(',');
  if (new TextEncoder().encode(data).length > pageSize) {
    throw new Error('mount options is too long');
  }
  // A remount has a call of its own only when it changes the file system's options (moby#34077).
  if ((options.flags & MS_REMOUNT) === 0 || data !== '') {
    mountSource(entry, mountPoint, options, data, compacted?.directory);
  }
  const readOnlyBind = MS_BIND | MS_RDONLY;
  if ((options.flags & readOnlyBind) === readOnlyBind) {
    // A first bind ignores every flag but MS_REC.
    mount('', mountPoint, '', options.flags | MS_REMOUNT | lockedFlags(mountPoint), undefined);
  }
}

function mountSource(
  entry: RootfsMount,
  mountPoint: string,
  options: MountOptions,
  data: string,
  directory: string | undefined,
): void {
  const { flags } = options;
  if (options.loop) {
    const readOnly = (flags & MS_RDONLY) !== 0;
    const device = attachLoopDevice(entry.source, readOnly);
    try {
      mount(device.path, mountPoint, entry.type, flags, data);
    } finally {
      // The mount keeps the device; without one, closing it detaches the image again.
      closeFile(device.descriptor);
    }
  } else if (directory === undefined) mount(entry.source, mountPoint, entry.type, flags, data);
  else mountFromDirectory(directory, entry.source, mountPoint, entry.type, flags, data);
}
