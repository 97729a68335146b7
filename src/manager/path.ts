/**
 * Path arithmetic with the semantics of Go's `path/filepath` on Linux. Addresses are hashes of
 * joined paths (contract 2.1), so the join has to agree with the daemon's to the byte.
 */

/** Go's `filepath.Clean`: `//`, `.` and inner `..` collapse; the empty path becomes `.`. */
export function cleanPath(path: string): string {
  if (path === '') {
    return '.';
  }
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const element of path.split('/')) {
    if (element === '' || element === '.') {
      continue;
    }
    if (element !== '..') {
      kept.push(element);
    } else if (kept.length > 0 && kept.at(-1) !== '..') {
      kept.pop();
    } else if (!rooted) {
      kept.push('..');
    }
  }
  const cleaned = kept.join('/');
  return rooted ? `/${cleaned}` : cleaned === '' ? '.' : cleaned;
}

/** Go's `filepath.Join`: empty elements are dropped; nothing but empty ones gives ''. */
export function joinPath(...elements: readonly string[]): string {
  const present = elements.filter((element) => element !== '');
  return present.length === 0 ? '' : cleanPath(present.join('/'));
}

/** The directory a path lies in; `/` for a path directly below the root. */
export function parentDirectory(path: string): string {
  const cleaned = cleanPath(path);
  const slash = cleaned.lastIndexOf('/');
  if (slash < 0) {
    return '.';
  }
  return slash === 0 ? '/' : cleaned.slice(0, slash);
}

/** What follows the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
