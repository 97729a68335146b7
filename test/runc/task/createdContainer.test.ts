import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isRunning } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

const stopped = 3;

describe('a container that never ran', () => {
  test('is deleted with the true status, TaskExit before TaskDelete, and Wait answered', async () => {
    const { client, events } = pod;
    const { id, pid } = await pod.create({ args: ['true'] });
    const waiting = client.wait(id);
    const deleted = await client.delete(id);
    assert.equal(deleted.exitStatus, 137);
    assert.equal(deleted.pid, pid);
    const waited = await waiting;
    assert.equal(waited.exitStatus, 137);
    assert.deepEqual(waited.exitedAt, deleted.exitedAt);
    const event = await events.deleteOf(id);
    assert.equal(event.exitStatus, 137);
    assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
    assert.deepEqual(await events.exitOf(id), {
      containerId: id,
      id,
      pid,
      exitStatus: 137,
      exitedAt: deleted.exitedAt,
    });
    assert.ok(!isRunning(pid));
    assert.ok(!pod.runcStates().includes(id));
  });

  test('is killed through the shim: exit without start', async () => {
    const { client, events } = pod;
    const { id } = await pod.create({ args: ['true'] });
    await client.kill(id, 9);
    assert.equal((await client.wait(id)).exitStatus, 137);
    assert.equal((await client.state(id)).status, stopped);
    await assert.rejects(client.start(id), { code: 2, message: 'cannot start a stopped process' });
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
  });

  test('is killed from outside right after its creation', async () => {
    const { client, events } = pod;
    const { id, pid } = await pod.create({ args: ['true'] });
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    assert.equal((await client.state(id)).status, stopped);
    assert.equal((await client.delete(id)).exitStatus, 137);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
  });
});
