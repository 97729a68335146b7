import { O_PATH } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { closeFile, openFile } from '../posix/files.ts';
import { readLink } from '../posix/paths.ts';

const maximumLinks = 255;

/**
 * The path without symbolic links, as the kernel sees it.
 * @throws SystemError when it does not exist.
 */
export function canonicalPath(path: string): string {
  const descriptor = openFile(path, O_PATH);
  try {
    return readLink(`/proc/self/fd/${descriptor}`);
  } finally {
    closeFile(descriptor);
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readLink(path);
  } catch (error) {
    // EINVAL: it is there, and no link. What is not there yet cannot lead anywhere either.
    if (isSystemError(error, 'EINVAL') || isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Joins a path to a root in such a way that neither `..` nor a symbolic link leads out of the root: absolute links
 * start at the root again, and the root's parent is the root. Components need not exist.
 * @throws Error after 255 links
 */
export function joinBelow(root: string, path: string): string {
  const pending = path.split('/').reverse();
  const resolved: string[] = [];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved.pop();
      continue;
    }
    const target = linkTarget([root, ...resolved, name].join('/'));
    if (target === undefined) {
      resolved.push(name);
      continue;
    }
    links++;
    if (links > maximumLinks) {
      throw new Error(
        `failed to join path ${JSON.stringify(path)} with root ${JSON.stringify(root)}: too many links`,
      );
    }
    if (target.startsWith('/')) resolved.length = 0;
    pending.push(...target.split('/').reverse());
  }
  return [root, ...resolved].join('/');
}
