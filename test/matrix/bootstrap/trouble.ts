import assert from 'node:assert/strict';
import { MetricsV1, MetricsV2 } from '../../../src/proto/messages.ts';
import type { BootstrapCell } from './row.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;

export async function stats({ pod }: BootstrapCell): Promise<void> {
  const { id } = await pod.run({
    args: ['sleep', '1000'],
    resources: { memory: { limit: LIMIT_BYTES } },
  });
  const { stats: any } = await pod.client.stats(id);
  const value = any?.value ?? new Uint8Array(0);
  if (any?.typeUrl === MetricsV1.fullName) {
    const { memory, pids } = MetricsV1.decode(value);
    assert.deepEqual([memory?.usage?.limit, pids?.current], [BigInt(LIMIT_BYTES), 1n]);
  } else {
    assert.equal(any?.typeUrl, MetricsV2.fullName);
    const { memory, pids } = MetricsV2.decode(value);
    assert.deepEqual([memory?.usageLimit, pids?.current], [BigInt(LIMIT_BYTES), 1n]);
  }
  await pod.remove(id);
}

export async function outOfMemory({ pod }: BootstrapCell): Promise<void> {
  const { client, events } = pod;
  const { id } = await pod.run({
    args: ['tail', '-c', '1000000000', '/dev/zero'],
    resources: { memory: { limit: LIMIT_BYTES } },
  });
  assert.equal((await client.wait(id)).exitStatus, 137);
  await client.delete(id);
  await events.deleteOf(id);
  assert.deepEqual(events.story(id), ['create', 'start', 'oom', 'exit', 'delete']);
}

/** The daemon goes, a container dies, the daemon comes back: it connects, asks, and is told what happened. */
export async function restart({ pod }: BootstrapCell): Promise<void> {
  const { events } = pod;
  const [stays, ends] = [
    await pod.run({ args: ['sleep', '1000'] }),
    await pod.run({ args: ['sleep', '1000'] }),
  ];
  pod.client.close();
  await events.stop();
  process.kill(ends.pid, 'SIGKILL');
  events.start();
  assert.equal((await events.exitOf(ends.id)).exitStatus, 137);
  await pod.reconnect();
  const { client } = pod;
  assert.equal((await client.connectTask(stays.id)).taskPid, stays.pid);
  assert.equal((await client.wait(ends.id)).exitStatus, 137);
  assert.equal((await client.delete(ends.id)).exitStatus, 137);
  await client.kill(stays.id, 9);
  assert.equal((await events.exitOf(stays.id)).exitStatus, 137);
  await client.delete(stays.id);
}

/** Another copy of the binary, as after an upgrade on disk, joins the old server's pod. */
export async function upgrade({ pod, options, replace }: BootstrapCell): Promise<void> {
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  replace();
  const annotations = { 'io.containerd.runc.v2.group': 'pod' };
  pod.sandbox.bundle('next', JSON.stringify({ annotations }));
  assert.equal(await pod.startIn('next', options), `unix://${pod.socket}`);
  assert.deepEqual(pod.sandbox.servers(), [pod.pid]);
  const old = await pod.connect();
  assert.equal((await old.state(id)).id, id, 'the server speaks version 2 as well');
  old.close();
  assert.equal(await pod.outputOfExec(id, ['echo', 'well']), 'well\n');
  await pod.remove(id);
}
