import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Mount points at or below a directory, in the order of mounting, as a process sees them (this one by default). */
export function mountsBelow(directory: string, pid: number | 'self' = 'self'): string[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => unescapePath(line.split(' ')[4] ?? ''))
    .filter((path) => path === directory || path.startsWith(`${directory}/`));
}

export function unmountBelow(directory: string): void {
  for (const path of mountsBelow(directory).reverse()) execFileSync('umount', ['-l', path]);
}

/** The kernel writes space, tab, newline and backslash in octal. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
