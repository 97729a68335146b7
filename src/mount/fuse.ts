import { unmount } from '../posix/mounts.ts';
import { type HelperSettings, runHelper } from './helper.ts';
import { readMounts } from './mountinfo.ts';
import { canonicalPath } from './path.ts';

export interface FuseMount {
  /** `mount.fuse` or `mount.fuse3` */
  readonly helper: string;
  /** What comes after the prefix of the mount's type. */
  readonly fileSystem: string;
}

/** Whether a mount's type is one for the FUSE helpers: `fuse.X` or `fuse3.X` (contract 12.2). */
export function fuseMountOf(type: string): FuseMount | undefined {
  const match = /^(fuse3?)\.(.*)$/.exec(type);
  if (match === null) return undefined;
  return { helper: `mount.${match[1] ?? ''}`, fileSystem: match[2] ?? '' };
}

/** Id of the topmost mount on exactly this path. */
function mountIdAt(path: string): number | undefined {
  return readMounts().findLast((entry) => entry.mountPoint === path)?.id;
}

/**
 * Has a FUSE file system mounted by its helper. What a failing helper leaves half mounted is taken away.
 * @throws Error with the helper's arguments and output
 */
export async function mountFuse(
  fuse: FuseMount,
  source: string,
  target: string,
  options: readonly string[],
  settings: HelperSettings,
): Promise<void> {
  const words = [
    source,
    target,
    ...options.flatMap((option) => ['-o', option]),
    ...['-t', fuse.fileSystem],
  ];
  const mountPoint = canonicalPath(target);
  const before = mountIdAt(mountPoint);
  const result = await runHelper(fuse.helper, words, settings);
  if (result?.status === 0) return;
  if (mountIdAt(mountPoint) !== before) unmount(target, 0);
  const described = `mount helper [${fuse.helper} [${shown(words)}]] failed`;
  if (result === undefined) {
    const name = JSON.stringify(fuse.helper);
    throw new Error(`${described}: "": exec: ${name}: executable file not found in $PATH`);
  }
  throw new Error(`${described}: ${JSON.stringify(result.output)}: exit status ${result.status}`);
}

/** Values of options may be secret: of `-o name=value` only the name is shown. */
function shown(words: readonly string[]): string {
  return words
    .map((word, index) => (words[index - 1] === '-o' ? word.replace(/=.*/s, '=…') : word))
    .join(' ');
}

/** Has the FUSE tools unmount, which also ends the file system's daemon. @returns whether they did */
export async function unmountFuse(path: string, settings: HelperSettings): Promise<boolean> {
  for (const tool of ['fusermount3', 'fusermount']) {
    const result = await runHelper(tool, ['-u', path], settings);
    if (result?.status === 0) return true;
  }
  return false;
}
