import { FUSE_SUPER_MAGIC } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { unmount } from '../posix/mounts.ts';
import { fileSystemType } from '../posix/paths.ts';
import { unmountFuse } from './fuse.ts';
import type { HelperSettings } from './helper.ts';
import { isAtOrBelow, readMounts } from './mountinfo.ts';
import { canonicalPath } from './path.ts';

const busyAttempts = 50;
const busyPauseMilliseconds = 50;

function isFuse(path: string): boolean {
  try {
    return fileSystemType(path) === FUSE_SUPER_MAGIC;
  } catch {
    return false;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Unmounts the topmost mount on `path`, waiting up to 2.5 s while it is busy (contract 12.4). */
async function unmountOnce(path: string, helpers: HelperSettings | undefined): Promise<void> {
  if (helpers !== undefined && isFuse(path) && (await unmountFuse(path, helpers))) return;
  for (let attempt = 1; ; attempt++) {
    try {
      unmount(path, 0);
      return;
    } catch (error) {
      if (attempt === busyAttempts || !isSystemError(error, 'EBUSY')) throw error;
      await pause(busyPauseMilliseconds);
    }
  }
}

/**
 * Unmounts everything that is mounted on `path`, one upon the other. Nothing there is success.
 * @throws SystemError
 */
export async function unmountAll(path: string, helpers?: HelperSettings): Promise<void> {
  try {
    for (;;) await unmountOnce(path, helpers);
  } catch (error) {
    // EINVAL: not a mount point (any more).
    if (isSystemError(error, 'EINVAL') || isSystemError(error, 'ENOENT')) return;
    throw error;
  }
}

/**
 * Unmounts everything at and below `path`, deepest first, never lazily (contract 12.4, trap 56). A path that does
 * not exist, or is empty, is success. It starts in the same turn: nothing is awaited unless a mount is busy or FUSE.
 * @throws SystemError of the outermost mount; that of an inner one shows there as EBUSY.
 */
export async function unmountRecursive(path: string, helpers?: HelperSettings): Promise<void> {
  if (path === '') return;
  let target: string;
  try {
    target = canonicalPath(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  const mountPoints = new Set<string>();
  for (const entry of readMounts()) {
    if (isAtOrBelow(entry.mountPoint, target)) mountPoints.add(entry.mountPoint);
  }
  const deepestFirst = [...mountPoints].sort((a, b) => b.length - a.length);
  for (const [index, mountPoint] of deepestFirst.entries()) {
    try {
      await unmountAll(mountPoint, helpers);
    } catch (error) {
      if (index === deepestFirst.length - 1) throw error;
    }
  }
}
