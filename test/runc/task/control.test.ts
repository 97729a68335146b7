import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isRunning, waitForEnd } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

const cgroupRoot = '/sys/fs/cgroup';

/** A file of a container's cgroup, whichever version the machine has. */
function cgroupFile(id: string, controller: string, v1: string, v2: string): string {
  const path = join(cgroupRoot, controller, pod.cgroupOf(id), v1);
  return readFileSync(existsSync(path) ? path : join(cgroupRoot, pod.cgroupOf(id), v2), 'utf8');
}

describe('Pause and Resume', () => {
  test('freeze and thaw the container, with their events', async () => {
    const { client, events } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await client.pause(id);
    assert.match(
      cgroupFile(id, 'freezer', 'freezer.state', 'cgroup.events'),
      /^FROZEN|^frozen 1$/m,
    );
    assert.equal((await client.state(id)).status, 4);
    await client.resume(id);
    assert.equal(await pod.outputOfExec(id, ['echo', 'thawed']), 'thawed\n');
    await pod.remove(id);
    await events.deleteOf(id);
    const story = events.story(id).filter((line) => !line.includes('exec'));
    assert.deepEqual(story, ['create', 'start', 'paused', 'resumed', 'exit', 'delete']);
  });

  test('of a paused container that is killed: it ends and can be deleted', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await client.pause(id);
    await client.kill(id, 9);
    assert.equal((await client.wait(id)).exitStatus, 137);
    await client.delete(id);
  });

  test('fail in the words of the runtime', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await pod.deleteBehindTheShim(id);
    await client.wait(id);
    await assert.rejects(client.pause(id), {
      code: 2,
      message: 'cannot pause a stopped container',
    });
    await client.delete(id);
  });
});

describe('Update', () => {
  test("changes the memory limit in the container's cgroup, also of one that is only created", async () => {
    const { client } = pod;
    const limit = (id: string) =>
      cgroupFile(id, 'memory', 'memory.limit_in_bytes', 'memory.max').trim();
    const { id } = await pod.create({ args: ['sleep', '1000'] });
    await client.update(id, { memory: { limit: 64 * 1024 * 1024 } });
    assert.equal(limit(id), String(64 * 1024 * 1024));
    await client.start(id);
    await client.update(id, { memory: { limit: 96 * 1024 * 1024 } });
    assert.equal(limit(id), String(96 * 1024 * 1024));
    await pod.remove(id);
  });

  test('that the runtime refuses fails without a change', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await assert.rejects(client.update(id, { memory: { limit: 'many' } }), { code: 2 });
    assert.equal((await client.state(id)).status, 2);
    await pod.remove(id);
  });
});

describe('Kill', () => {
  test('with all ends every process, and the exit is the signal', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const script = 'trap "" TERM; sleep 1000 & sleep 1000 & echo ready; wait; wait';
    const input = { args: ['sh', '-c', script], hostPid: true, request: { stdout } };
    const { pid } = await pod.run(input, id);
    await out.waitForOutput(/ready/);
    const { processes } = await client.pids(id);
    assert.equal(processes.length, 3);
    await client.kill(id, 9, { all: true });
    assert.equal((await client.wait(id)).exitStatus, 137);
    for (const process of processes) await waitForEnd(process.pid);
    assert.ok(!isRunning(pid));
    await out.finished;
    await client.delete(id);
  });

  test('delivers a signal that the process handles', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const script = 'trap "echo usr1; exit 11" USR1; echo ready; while :; do sleep 0.05; done';
    await pod.run({ args: ['sh', '-c', script], request: { stdout } }, id);
    await out.waitForOutput(/ready/);
    await client.kill(id, 10);
    assert.equal((await client.wait(id)).exitStatus, 11);
    assert.equal((await out.finished).stdout, 'ready\nusr1\n');
    await client.delete(id);
  });
});

describe('a container that runs out of memory', () => {
  const resources = { memory: { limit: 32 * 1024 * 1024, swap: 32 * 1024 * 1024 } };

  test('says so before its exit, also when its init is the victim', async () => {
    const { client, events } = pod;
    const { id } = await pod.run({ args: ['tail', '/dev/zero'], resources });
    assert.equal((await client.wait(id)).exitStatus, 137);
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'start', 'oom', 'exit', 'delete']);
  });

  test('says so when one of its processes is the victim', async () => {
    const { client, events } = pod;
    const script = 'tail /dev/zero; exit 4';
    const { id } = await pod.run({ args: ['sh', '-c', script], resources });
    assert.equal((await client.wait(id)).exitStatus, 4);
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'start', 'oom', 'exit', 'delete']);
  });
});
