import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MetricsV1, MetricsV2, ProcessDetails } from '../../../src/proto/messages.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

const created = 1;
const running = 2;
const stopped = 3;
const paused = 4;
/** Go's zero time: how "never" goes over the wire. */
const never = { seconds: -62_135_596_800n, nanos: 0 };

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

describe('State', () => {
  test('of an init, in each state', async () => {
    const { client } = pod;
    const { stdin, stdout, stderr } = pod.fifos('state');
    pod.read(stdout);
    pod.read(stderr);
    const request = { stdin, stdout, stderr };
    const { id, bundle, pid } = await pod.create({ args: ['sleep', '1000'], request });
    const alive = { id, bundle, pid, stdin, stdout, stderr, terminal: false, execId: '' };
    const expected = { ...alive, exitStatus: 0, exitedAt: never };
    assert.deepEqual(await client.state(id), { ...expected, status: created });
    await client.start(id);
    assert.deepEqual(await client.state(id), { ...expected, status: running });
    await client.pause(id);
    assert.deepEqual(await client.state(id), { ...expected, status: paused });
    await client.resume(id);
    assert.deepEqual(await client.state(id), { ...expected, status: running });
    await client.kill(id, 9);
    const { exitedAt } = await client.wait(id);
    assert.deepEqual(await client.state(id), {
      ...alive,
      status: stopped,
      exitStatus: 137,
      exitedAt,
    });
    await client.delete(id);
    await assert.rejects(client.state(id), {
      code: 5,
      message: 'container not created: not found',
    });
  });

  test('of an exec, in each state', async () => {
    const { client } = pod;
    const { id, bundle } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'one', args: ['sleep', '1000'] });
    const paths = { stdin: '', stdout: '', stderr: '', terminal: false, execId: '' };
    const expected = { id: 'one', bundle, ...paths, exitStatus: 0, exitedAt: never };
    assert.deepEqual(await client.state(id, 'one'), { ...expected, pid: 0, status: created });
    const { pid } = await client.start(id, 'one');
    assert.deepEqual(await client.state(id, 'one'), { ...expected, pid, status: running });
    await client.pause(id);
    assert.equal((await client.state(id, 'one')).status, paused);
    await client.resume(id);
    assert.equal((await client.state(id, 'one')).status, running);
    await client.kill(id, 9, { execId: 'one' });
    const { exitedAt } = await client.wait(id, 'one');
    assert.deepEqual(await client.state(id, 'one'), {
      ...expected,
      pid,
      status: stopped,
      exitStatus: 137,
      exitedAt,
    });
    await client.delete(id, 'one');
    await assert.rejects(client.state(id, 'one'), {
      code: 5,
      message: 'process does not exist one: not found',
    });
    await pod.remove(id);
  });
});

describe('what else can be asked', () => {
  test('Connect names the shim and the init, of a stranger only the shim', async () => {
    const { id, pid } = await pod.create({ args: ['true'] });
    const connected = { shimPid: pod.pid, version: '' };
    assert.deepEqual(await pod.client.connectTask(id), { ...connected, taskPid: pid });
    assert.deepEqual(await pod.client.connectTask('nobody'), { ...connected, taskPid: 0 });
    await pod.client.delete(id);
  });

  test('Pids tells execs by their id, and nothing about others', async () => {
    const { client } = pod;
    const { id, pid } = await pod.run({ args: ['sh', '-c', 'sleep 1000 & wait'] });
    await client.exec({ id, execId: 'one', args: ['sleep', '1000'] });
    const exec = await client.start(id, 'one');
    const { processes } = await client.pids(id);
    assert.ok(processes.some((process) => process.pid === pid));
    for (const process of processes) {
      if (process.pid !== exec.pid) assert.equal(process.info ?? undefined, undefined);
    }
    const info = processes.find((process) => process.pid === exec.pid)?.info;
    assert.equal(info?.typeUrl, 'containerd.runc.v1.ProcessDetails');
    assert.equal(ProcessDetails.decode(info.value).execId, 'one');
    await pod.remove(id);
  });

  test('Stats are the metrics of the cgroup', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const { stats } = await client.stats(id);
    assert.match(stats?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/);
    // The runtime's own threads are counted until the process has taken its place.
    await waitUntil('one process is counted', async () => {
      const { typeUrl = '', value = new Uint8Array(0) } = (await client.stats(id)).stats ?? {};
      const metrics = (typeUrl === MetricsV1.fullName ? MetricsV1 : MetricsV2).decode(value);
      return metrics.pids?.current === 1n;
    });
    await pod.remove(id);
    await assert.rejects(client.stats(id), { code: 5 });
  });
});
