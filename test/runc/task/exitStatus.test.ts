import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

const cases = [
  { name: '0', args: ['true'], status: 0 },
  { name: '42', args: ['sh', '-c', 'exit 42'], status: 42 },
  { name: '255', args: ['sh', '-c', 'exit 255'], status: 255 },
  { name: '139 after a segmentation fault', args: ['/bin/crash'], status: 139 },
];

describe('exit status', () => {
  for (const { name, args, status } of cases) {
    test(`${name}, of an init and of an exec`, async () => {
      const { client, events } = pod;
      const { id } = await pod.run({ args });
      assert.equal((await client.wait(id)).exitStatus, status);
      assert.equal((await client.delete(id)).exitStatus, status);
      assert.equal((await events.exitOf(id)).exitStatus, status);

      const { id: host } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id: host, execId: 'e', args });
      const { pid } = await client.start(host, 'e');
      assert.ok(pid > 0);
      assert.equal((await client.wait(host, 'e')).exitStatus, status);
      const deleted = await client.delete(host, 'e');
      assert.equal(deleted.exitStatus, status);
      assert.equal(deleted.pid, pid);
      assert.equal((await events.exitOf(host, 'e')).exitStatus, status);
      await pod.remove(host);
    });
  }

  test('137 when somebody on the host kills it', async () => {
    const { client } = pod;
    const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
    const exec = await client.start(id, 'e');
    process.kill(exec.pid, 'SIGKILL');
    assert.equal((await client.wait(id, 'e')).exitStatus, 137);
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    assert.equal((await client.delete(id)).exitStatus, 137);
    assert.equal((await pod.events.exitOf(id)).exitStatus, 137);
  });

  test('143 of an exec that is sent SIGTERM through Kill', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
    await client.start(id, 'e');
    await client.kill(id, 15, { execId: 'e' });
    assert.equal((await client.wait(id, 'e')).exitStatus, 143);
    await pod.remove(id);
  });

  test('of a process that ends at once is seen by every waiter, before and after', async () => {
    const { client } = pod;
    const { id } = await pod.create({ args: ['sh', '-c', 'exit 3'] });
    const early = [client.wait(id), client.wait(id), client.wait(id)];
    const { pid } = await client.start(id);
    assert.ok(pid > 0);
    for (const waited of await Promise.all(early)) assert.equal(waited.exitStatus, 3);
    assert.equal((await client.wait(id)).exitStatus, 3);
    assert.equal((await client.state(id)).pid, pid);
    await client.delete(id);
  });
});
