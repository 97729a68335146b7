import { loadCgroup } from '../cgroup/cgroup.ts';
import { enableControllers } from '../cgroup/delegate.ts';
import { watchOom } from '../cgroup/oom.ts';
import type { Container } from './container.ts';

/** Stats and OOM events need the cgroup; a container without one runs all the same (contract 5.3 steps 12, 14). */
export function watchCgroup(container: Container, pid: number): void {
  const { context, id } = container;
  try {
    const cgroup = loadCgroup(pid);
    if (cgroup === undefined) return;
    container.cgroup = cgroup;
    if (cgroup.version === 2) {
      // Without its controllers a v2 cgroup has no memory.events to watch.
      enableControllers(cgroup, (error) =>
        context.logger.error({ id, error }, 'enabling controllers'),
      );
    }
    container.oom = watchOom(cgroup, () => context.events.oom(id));
  } catch (error) {
    context.logger.error({ id, error }, 'loading cgroup');
  }
}
