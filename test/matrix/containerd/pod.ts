import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Containerd } from '../../support/containerd.ts';
import { readProcess, waitForEnd } from '../../support/processes.ts';
import type { ContainerdCell } from './row.ts';

/** Starts sleeping containers of one group, the second and later ones at the same time. */
export async function startPod(
  containerd: Containerd,
  size: number,
): Promise<{ group: string; ids: string[] }> {
  const group = containerd.newId('group');
  const ids = Array.from({ length: size }, () => containerd.newId('member'));
  const [first = '', ...others] = ids;
  await startMember(containerd, group, first);
  await Promise.all(others.map((id) => startMember(containerd, group, id)));
  return { group, ids };
}

export function startMember(containerd: Containerd, group: string, id: string): Promise<void> {
  const annotation = `io.containerd.runc.v2.group=${group}`;
  return containerd.runDetached(id, ['/bin/sleep', '1000'], '--annotation', annotation);
}

/** The pid of a task, which has to run. */
export async function pidOf(containerd: Containerd, id: string): Promise<number> {
  const task = await containerd.task(id);
  assert.equal(task?.status, 'RUNNING', `status of ${id}`);
  return task.pid;
}

/** Containers of one group share one shim process, which the last deletion ends. */
export async function pod({ containerd, peers }: ContainerdCell): Promise<void> {
  const { group, ids } = await startPod(containerd, 4);
  const shims = containerd.shims();
  assert.equal(shims.length, 1, `shims: ${shims}`);
  const [shim = 0] = shims;
  peers.checkShim(shim);
  for (const id of ids) {
    assert.equal(readProcess(await pidOf(containerd, id))?.parent, shim);
  }
  const [last = '', ...others] = ids;
  for (const id of others) await containerd.remove(id);
  assert.deepEqual(containerd.shims(), [shim]);
  await pidOf(containerd, last);
  await containerd.remove(last);
  await waitForEnd(shim);
  assert.equal(existsSync(containerd.shimSocket(group)), false);
}
