import type { Cancellation } from '../../platform/cancellation.ts';
import { O_NONBLOCK, O_RDONLY, O_WRONLY } from '../../posix/constants.ts';
import { closeFile, openFile, readSome, writeSome } from '../../posix/files.ts';
import { removeFile } from '../../posix/paths.ts';
import { watchReadable } from '../../posix/poller.ts';
import { openPidfd } from '../../posix/processes.ts';

/**
 * Lets a created init go on. runc's opens the FIFO for writing and waits until somebody reads; it writes a byte before
 * it becomes the container's program.
 *
 * The pidfd comes first: once somebody has the FIFO open, the init goes on, so that nothing may fail from there.
 *
 * @returns false when the byte did not come: the init died, or the call was cancelled
 * @throws SystemError
 */
export async function readGoAhead(
  fifo: string,
  pid: number,
  cancel?: Cancellation,
): Promise<boolean> {
  const pidfd = openPidfd(pid);
  try {
    const descriptor = openFile(fifo, O_RDONLY | O_NONBLOCK);
    try {
      const came = takesByte(descriptor) || (await byteComes(descriptor, pidfd, cancel));
      if (came) removeIfPossible(fifo);
      return came;
    } finally {
      closeFile(descriptor);
    }
  } finally {
    closeFile(pidfd);
  }
}

/** Nothing is readable at first, neither a byte nor the end: the writer may not have opened the FIFO yet. */
async function byteComes(
  descriptor: number,
  pidfd: number,
  cancel: Cancellation | undefined,
): Promise<boolean> {
  let settle: (came: boolean) => void = () => {};
  const settled = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  const reader = watchReadable(descriptor, () => {
    const bytes = readSome(descriptor, 1);
    if (bytes !== undefined) settle(bytes.length === 1);
  });
  // An init that dies without ever opening the FIFO shows at the pidfd only. What it wrote before counts in each case.
  const giveUp = (): void => settle(takesByte(descriptor));
  const death = watchReadable(pidfd, giveUp);
  const forget = cancel?.onCancel(giveUp);
  try {
    return await settled;
  } finally {
    forget?.();
    death.cancel();
    reader.cancel();
  }
}

function takesByte(descriptor: number): boolean {
  return readSome(descriptor, 1)?.length === 1;
}

/** The program runs already, whatever becomes of the FIFO: `delete` removes it with the rest. */
function removeIfPossible(fifo: string): void {
  try {
    removeFile(fifo);
  } catch {
    // A disk that can only be read: as far as runc is concerned, the container stays created.
  }
}

/** crun's init has the FIFO open for reading, and goes on when it gets a byte. @throws SystemError when it does not */
export function writeGoAhead(fifo: string): void {
  const descriptor = openFile(fifo, O_WRONLY | O_NONBLOCK);
  try {
    removeFile(fifo);
    writeSome(descriptor, Uint8Array.of(0));
  } finally {
    closeFile(descriptor);
  }
}
