import assert from 'node:assert/strict';
import type { Containerd } from '../../support/containerd.ts';
import { isRunning, killQuietly, waitForEnd } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';
import { execIn } from './basics.ts';
import { pidOf, startPod } from './pod.ts';
import type { ContainerdCell } from './row.ts';

/** containerd is killed and comes back: containers run on, a death meanwhile is seen, and later events arrive. */
export async function restart({ containerd }: ContainerdCell): Promise<void> {
  const { ids } = await startPod(containerd, 2);
  const [stays = '', ends = ''] = ids;
  const pids = await Promise.all(ids.map((id) => pidOf(containerd, id)));
  const [staying = 0, ending = 0] = pids;
  const shims = containerd.shims();
  await containerd.killDaemon();
  assert.deepEqual(pids.map(isRunning), [true, true]);
  killQuietly(ending);
  await waitForEnd(ending);
  await containerd.launch();

  assert.deepEqual(containerd.shims(), shims);
  assert.equal(await pidOf(containerd, stays), staying);
  await removeEnded(containerd, ends);

  const events = await containerd.events();
  const again = await execIn(containerd, stays, 'again', '/bin/sh', '-c', 'exit 9');
  assert.equal(again.status, 9, again.stderr);
  await events.waitFor('/tasks/exit', ({ id, exit_status }) => id === 'again' && exit_status === 9);
  await containerd.ctrWell('tasks', 'kill', '-s', 'SIGKILL', stays);
  await events.waitFor('/tasks/exit', ({ id, exit_status }) => id === stays && exit_status === 137);
  await events.close();
  await containerd.remove(stays);
}

/** containerd 1.6 shows the task as stopped; from 1.7 on it deletes a task without processes while it starts. */
async function removeEnded(containerd: Containerd, id: string): Promise<void> {
  const task = await waitUntil(`the end of ${id} is seen`, async () => {
    const found = await containerd.task(id);
    return found?.status === 'RUNNING' ? undefined : (found ?? { status: 'gone' });
  });
  if (task.status !== 'gone') {
    assert.equal(task.status, 'STOPPED');
    const removal = await containerd.ctr('tasks', 'rm', id);
    assert.match(removal.stderr, /non-zero exit code 137/);
  }
  await containerd.ctrWell('containers', 'rm', id);
}
