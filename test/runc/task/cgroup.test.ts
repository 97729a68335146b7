import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { MetricsV1, MetricsV2 } from '../../../src/proto/messages.ts';
import { cgroupsBelow } from '../../support/cgroups.ts';
import { ShimPod } from '../../support/shimPod.ts';

const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
const mebibyte = 1024 * 1024;

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

/** The same facts of either version's message. */
async function statsOf(id: string) {
  const { typeUrl = '', value = new Uint8Array(0) } = (await pod.client.stats(id)).stats ?? {};
  assert.equal(typeUrl, unified ? MetricsV2.fullName : MetricsV1.fullName);
  if (unified) {
    const { pids, cpu, memory, memoryEvents } = MetricsV2.decode(value);
    return {
      processLimit: pids?.limit,
      cpu: cpu?.usageUsec,
      memoryLimit: memory?.usageLimit,
      memory: memory?.usage,
      kills: memoryEvents?.oomKill,
    };
  }
  const { pids, cpu, memory, memoryOomControl } = MetricsV1.decode(value);
  return {
    processLimit: pids?.limit,
    cpu: cpu?.usage?.total,
    memoryLimit: memory?.usage?.limit,
    memory: memory?.usage?.usage,
    kills: memoryOomControl?.oomKill,
  };
}

describe("a container's cgroup", () => {
  test('is what Stats tell, in the form of the version that the machine has', async () => {
    const resources = { memory: { limit: 64 * mebibyte }, pids: { limit: 20 } };
    const { id } = await pod.run({ args: ['sleep', '1000'], resources });
    const stats = await statsOf(id);
    assert.equal(stats.processLimit, 20n);
    assert.equal(stats.memoryLimit, BigInt(64 * mebibyte));
    assert.equal(stats.kills, 0n);
    assert.ok((stats.cpu ?? 0n) > 0n);
    assert.ok((stats.memory ?? 0n) > 0n);
    await pod.remove(id);
  });

  test('is changed by Update', async () => {
    const resources = { memory: { limit: 64 * mebibyte }, pids: { limit: 20 } };
    const { id } = await pod.run({ args: ['sleep', '1000'], resources });
    await pod.client.update(id, { memory: { limit: 96 * mebibyte }, pids: { limit: 30 } });
    const stats = await statsOf(id);
    assert.equal(stats.memoryLimit, BigInt(96 * mebibyte));
    assert.equal(stats.processLimit, 30n);
    await pod.remove(id);
  });

  test('counts those who were killed for want of memory', async () => {
    const resources = { memory: { limit: 32 * mebibyte, swap: 32 * mebibyte } };
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const args = ['sh', '-c', 'tail /dev/zero; echo done; exec sleep 1000'];
    await pod.run({ args, resources, request: { stdout } }, id);
    await out.waitForOutput(/done/);
    assert.equal((await statsOf(id)).kills, 1n);
    await pod.events.waitFor('the event', () => pod.events.story(id).includes('oom'));
    await pod.remove(id);
    await out.finished;
  });

  test('goes with the container, in every hierarchy', async () => {
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const own = () => cgroupsBelow(pod.cgroup).filter((path) => path.endsWith(`/${id}`));
    assert.notDeepEqual(own(), []);
    await pod.remove(id);
    assert.deepEqual(own(), []);
  });
});
