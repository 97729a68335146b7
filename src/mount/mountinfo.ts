import { readFile } from '../posix/files.ts';

const table = '/proc/self/mountinfo';
const limitBytes = 64 * 1024 * 1024;

/** One mount as the kernel lists it. */
export interface MountEntry {
  readonly id: number;
  readonly mountPoint: string;
  /** Of this mount, not of its file system: `ro`, `nosuid`, … */
  readonly options: readonly string[];
  readonly fileSystem: string;
  readonly source: string;
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Reads the format of proc_pid_mountinfo(5). Lines that do not fit it are left out. */
export function parseMountinfo(text: string): readonly MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    // The number of optional fields before the separator varies.
    const separator = words.indexOf('-', 6);
    const [id, mountPoint] = [words[0], words[4]];
    const [fileSystem, source] = [words[separator + 1], words[separator + 2]];
    if (separator === -1 || !/^[0-9]+$/.test(id ?? '') || mountPoint === undefined) continue;
    entries.push({
      id: Number(id),
      mountPoint: unescapeOctal(mountPoint),
      options: (words[5] ?? '').split(','),
      fileSystem: unescapeOctal(fileSystem ?? ''),
      source: unescapeOctal(source ?? ''),
    });
  }
  return entries;
}

/** The mounts of this process's namespace, in the kernel's order. */
export function readMounts(): readonly MountEntry[] {
  return parseMountinfo(new TextDecoder().decode(readFile(table, limitBytes)));
}

/** Whether `path` is `directory` or lies below it. Both have to be canonical. */
export function isAtOrBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
