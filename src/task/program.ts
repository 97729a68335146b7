import { fileStatus } from '../posix/files.ts';

/** A process that was let go becomes its program a moment later. */
const looks = 10;
const pauseMilliseconds = 20;

/** The file that a process executes. @returns undefined when that cannot be told, as of one that is dead */
export function programOf(pid: number): string | undefined {
  try {
    const { device, inode } = fileStatus(`/proc/${pid}/exe`);
    return `${device}-${inode}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether a process executes another file than before: a created init, which is the runtime's own program, has been
 * started. Waits for that up to 200 ms.
 * @param before what `programOf` said
 */
export async function becomesAnother(pid: number, before: string | undefined): Promise<boolean> {
  for (let look = 0; look < looks; look += 1) {
    const now = programOf(pid);
    if (before === undefined || now === undefined) return false;
    if (now !== before) return true;
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
  return false;
}
