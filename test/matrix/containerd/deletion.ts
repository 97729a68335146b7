import assert from 'node:assert/strict';
import { isRunning, killQuietly, waitForEnd } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';
import { execArguments, importImage } from './basics.ts';
import { pidOf, startPod } from './pod.ts';
import type { ContainerdCell } from './row.ts';

/** Containers end in every way. The caller looks for processes, mounts, cgroups, sockets and bundles that are left. */
export async function nothingIsLeft({ containerd }: ContainerdCell): Promise<void> {
  await deleteWithExec({ containerd });
  await failToStart({ containerd });
  await killShim({ containerd });
}

type Given = Pick<ContainerdCell, 'containerd'>;

/** A container with mounts of its own is deleted while an exec runs in it. */
async function deleteWithExec({ containerd }: Given): Promise<void> {
  const image = await importImage(containerd);
  const id = containerd.newId('image');
  const flags = ['-d', '--null-io', '--runtime', containerd.runtime, ...containerd.fifoFlags()];
  await containerd.ctrWell('run', ...flags, image, id, '/bin/sleep', '1000');
  const session = containerd.startCtr(
    ...execArguments(containerd, id, 'e', '/bin/sh', '-c', 'echo there; exec /bin/sleep 1000'),
  );
  await session.waitForOutput(/there/);
  const pid = await pidOf(containerd, id);
  await containerd.remove(id);
  assert.notEqual((await session.finished).status, 0);
  assert.equal(isRunning(pid), false);
}

async function failToStart({ containerd }: Given): Promise<void> {
  const id = containerd.newId('wrong');
  const result = await containerd.run(id, ['/bin/nosuch'], '--rm');
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /nosuch/);
  await containerd.ctr('containers', 'rm', id);
}

/** containerd cleans up after a shim that died. */
async function killShim({ containerd }: Given): Promise<void> {
  const { ids } = await startPod(containerd, 2);
  const pids = await Promise.all(ids.map((id) => pidOf(containerd, id)));
  for (const shim of containerd.shims()) {
    killQuietly(shim);
    await waitForEnd(shim);
  }
  for (const pid of pids) await waitForEnd(pid);
  await waitUntil('no task is listed', async () =>
    (await Promise.all(ids.map((id) => containerd.task(id)))).every((task) => task === undefined),
  );
  for (const id of ids) await containerd.ctrWell('containers', 'rm', id);
}
