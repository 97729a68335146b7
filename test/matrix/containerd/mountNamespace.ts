import { RunningCommand } from '../../support/commands.ts';
import { mountsBelow } from '../../support/mounts.ts';

const UNIFIED = '/sys/fs/cgroup/unified';

/**
 * A mount namespace without the empty v2 hierarchy of a hybrid cgroup set-up, which crun refuses. In its place is an
 * empty file system that ends with the namespace: crun makes directories there, and files that look like a cgroup's.
 * @returns the process that holds it; undefined where there is no such hierarchy
 */
export async function withoutUnifiedCgroups(): Promise<RunningCommand | undefined> {
  if (!mountsBelow('/sys/fs/cgroup').includes(UNIFIED)) return undefined;
  const script = `umount ${UNIFIED} && mount -t tmpfs none ${UNIFIED} && echo ready && exec sleep infinity`;
  const holder = new RunningCommand('unshare', ['--mount', 'sh', '-c', script], {
    limitMilliseconds: 60 * 60_000,
  });
  await holder.waitForOutput(/ready/);
  return holder;
}
