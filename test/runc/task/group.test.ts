import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

test('a group lives on when the bundle it was started in is gone', async () => {
  const { client, events } = pod;
  const first = await pod.run({ args: ['sleep', '1000'] });
  await pod.remove(first.id);
  for (const bundle of [pod.firstBundle, first.bundle]) {
    rmSync(bundle, { recursive: true });
    assert.ok(!existsSync(bundle));
  }
  const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
  assert.equal((await client.state(id)).pid, pid);
  assert.equal(await pod.outputOfExec(id, ['echo', 'still here']), 'still here\n');
  await client.pause(id);
  await client.resume(id);
  await client.update(id, { memory: { limit: 64 * 1024 * 1024 } });
  assert.ok((await client.pids(id)).processes.length > 0);
  await client.stats(id);
  await client.kill(id, 9, { all: true });
  assert.equal((await client.wait(id)).exitStatus, 137);
  await client.delete(id);
  await events.deleteOf(id);

  assert.equal(await pod.outputOf({ args: ['tty'], terminal: true }), '/dev/pts/0\r\n');
});

test('containers of a group do not wait for each other', async () => {
  const { client } = pod;
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  const ids = Array.from({ length: 10 }, (_, index) => `many${index}`);
  let created = 0;
  const lives = ids.map(async (other, index) => {
    await pod.run({ args: ['sh', '-c', `exit ${index}`] }, other);
    created += 1;
    assert.equal((await client.wait(other)).exitStatus, index);
    await client.delete(other);
  });
  // Answered while runc is at work for the others.
  assert.equal((await client.state(id)).status, 2);
  assert.equal(created, 0);
  await Promise.all(lives);
  await pod.remove(id);
  for (const other of ids) {
    await pod.events.deleteOf(other);
    assert.deepEqual(pod.events.story(other), ['create', 'start', 'exit', 'delete']);
  }
});
