/** The kernel takes at most a page of options; the reference keeps this much of it in reserve (contract 12.2). */
export const pageSize = 4096;
const reserve = 512;
const lowerWord = 'lowerdir=';

export interface CompactedOverlay {
  /** Directory to mount from; the lower directories are relative to it. */
  readonly directory: string;
  readonly options: readonly string[];
}

/** Whether an overlay's options come near to the kernel's limit. Commas are not counted. */
export function isOverlayTooLong(options: readonly string[]): boolean {
  const encoder = new TextEncoder();
  let size = 0;
  for (const option of options) size += encoder.encode(option).length;
  return size >= pageSize - reserve;
}

/** The lower directories, topmost first; a colon in a name is escaped by a backslash. None: an empty list. */
export function lowerDirectories(options: readonly string[]): readonly string[] {
  const option = options.find((candidate) => candidate.startsWith(lowerWord));
  return option === undefined ? [] : option.slice(lowerWord.length).split(/(?<!\\):/);
}

/** The same options with other lower directories. */
export function withLowerDirectories(
  options: readonly string[],
  directories: readonly string[],
): readonly string[] {
  const index = options.findIndex((option) => option.startsWith(lowerWord));
  const changed = [...options];
  changed[index] = lowerWord + directories.join(':');
  return changed;
}

/** The longest directory that all paths lie below, without a slash at the end; '' when it is the root. */
function commonDirectory(paths: readonly string[]): string {
  let common = paths[0] ?? '';
  common = common.slice(0, Math.max(0, common.lastIndexOf('/')));
  for (const path of paths) {
    while (common !== '' && !path.startsWith(`${common}/`)) {
      common = common.slice(0, Math.max(0, common.lastIndexOf('/')));
    }
  }
  return common;
}

/**
 * Shortens an overlay's lower directories by the directory that they have in common.
 * @returns undefined when there is nothing to gain: one lower directory, or none in common.
 */
export function compactOverlay(options: readonly string[]): CompactedOverlay | undefined {
  const paths = lowerDirectories(options);
  if (paths.length < 2) return undefined;
  const directory = commonDirectory(paths);
  // A backslash would be an escape to overlayfs, and part of a name to chdir(2).
  if (directory === '' || directory.includes('\\')) return undefined;
  const relative = paths.map((path) => path.slice(directory.length + 1));
  if (relative.some((path) => path === '' || path.startsWith('/'))) return undefined;
  return { directory, options: withLowerDirectories(options, relative) };
}
