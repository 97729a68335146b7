import type { Cancellation } from '../platform/cancellation.ts';
import { SIGKILL, SIGNALS } from '../posix/constants.ts';
import type { Container } from '../task/container.ts';
import { killContainer } from './killContainer.ts';

/**
 * Ends the containers that are left in a sandbox. They stay to be deleted by the daemon.
 * @param timeoutSeconds how long they may take after SIGTERM; 0: SIGKILL at once
 */
export async function stopContainers(
  containers: Iterable<Container>,
  timeoutSeconds: number,
  call: Cancellation,
): Promise<void> {
  const alive = [...containers].filter(({ init }) => init.exit === undefined && init.pid !== 0);
  if (alive.length === 0) return;
  const ends = Promise.all(alive.map(({ init }) => init.wait(call)));
  // Whoever kills below may fail first; then nobody listens here any more.
  ends.catch(() => {});
  if (timeoutSeconds > 0) {
    await signalAll(alive, SIGNALS.SIGTERM, call);
    if (await endsWithin(ends, timeoutSeconds * 1000)) return;
  }
  await signalAll(alive, SIGKILL, call);
  await ends;
}

async function signalAll(
  containers: readonly Container[],
  signal: number,
  call: Cancellation,
): Promise<void> {
  await Promise.all(containers.map((container) => killContainer(container, signal, call)));
}

async function endsWithin(ends: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([ends.then(() => true), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
