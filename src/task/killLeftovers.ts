import { endsWithin } from '../platform/timeLimit.ts';
import { SIGKILL } from '../posix/constants.ts';
import type { Container } from './container.ts';
import { killProcess } from './kill.ts';
import { killAllBudgetMilliseconds } from './limits.ts';

/**
 * Ends what a dead init leaves behind. With a pid namespace of its own the kernel has done that; otherwise the runtime
 * is asked to kill everything in the cgroup (contract 5.12, trap 28), and execs that the shim knows are killed directly
 * as well, for one of them could have left the cgroup.
 * @returns when it is done or its time is up; undefined when there is nothing to do
 */
export function killLeftovers(container: Container): Promise<void> | undefined {
  if (container.ownPidNamespace) return undefined;
  for (const exec of container.execs.values()) {
    if (exec.state === 'running') killQuietly(exec.pid);
  }
  const killed = container.runtime.killAll(container.id).catch((error: unknown) => {
    container.context.logger.error({ id: container.id, error }, 'kill of all processes failed');
  });
  return endsWithin(killed, killAllBudgetMilliseconds).then(() => {});
}

/** One that cannot be signalled any more must not keep the others alive. */
function killQuietly(pid: number): void {
  try {
    killProcess(pid, SIGKILL);
  } catch {
    // It is on its way out already, and its exit will tell.
  }
}
