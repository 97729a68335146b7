import type { Cancellation } from '../platform/cancellation.ts';
import { SIGKILL } from '../posix/constants.ts';
import type { Container } from '../task/container.ts';
import { Code, StatusError } from '../ttrpc/status.ts';

/**
 * Signals a container's init; SIGKILL goes to everybody in it, thawed first where it is paused, for a frozen process
 * does not die.
 */
export async function killContainer(
  container: Container,
  signal: number,
  call: Cancellation,
): Promise<void> {
  const { init } = container;
  if (init.exit !== undefined || init.pid === 0) return;
  if (init.state === 'paused') await init.resume(call);
  try {
    await init.kill(signal, signal === SIGKILL);
  } catch (error) {
    // It ended by itself meanwhile.
    if (!(error instanceof StatusError && error.code === Code.NotFound)) throw error;
  }
}
