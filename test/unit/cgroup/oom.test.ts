import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';
import { type Cgroup, loadCgroup, locateCgroup } from '../../../src/cgroup/cgroup.ts';
import { cgroupMode, isUnified } from '../../../src/cgroup/mode.ts';
import { watchOom } from '../../../src/cgroup/oom.ts';
import { MetricsV1, MetricsV2 } from '../../../src/proto/messages.ts';
import { skipFor } from '../../support/skipping.ts';
import {
  awaiting,
  cleanUp,
  limitMemory,
  makeCgroup,
  memoryMount,
  openDescriptors,
  waitingShell,
  withoutCgroups,
} from './machine.ts';

const mount = memoryMount();
const eightMegabytes = 8 * 1024 * 1024;

/** A shell alone in a memory cgroup of 8 MB. */
function confined(command: string) {
  const group = makeCgroup([mount ?? '']);
  const directory = group.directories[0] ?? '';
  const shell = waitingShell(command);
  limitMemory(directory, eightMegabytes);
  writeFileSync(`${directory}/cgroup.procs`, String(shell.pid));
  const cgroup = loadCgroup(shell.pid);
  if (cgroup === undefined) throw new Error('the cgroup cannot be loaded');
  return {
    ...shell,
    cgroup,
    directory,
    async remove() {
      await shell.end();
      group.remove();
    },
  };
}

async function killsOf(cgroup: Cgroup): Promise<bigint | undefined> {
  const { value } = await cgroup.stats();
  return cgroup.version === 1
    ? MetricsV1.decode(value).memoryOomControl?.oomKill
    : MetricsV2.decode(value).memoryEvents?.oomKill;
}

/** Long enough for the kernel's notices of a removal, which nothing tells the arrival of. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

describe('OOM on this machine', skipFor(withoutCgroups), () => {
  afterEach(cleanUp);

  test('the kill of the last process: once, before the last look returns, also after removal', async () => {
    const container = confined('exec tail /dev/zero');
    let reports = 0;
    const watch = watchOom(container.cgroup, () => {
      reports += 1;
    });
    container.release();
    assert.equal(await container.ended, 'SIGKILL');
    watch.readLast();
    assert.equal(reports, 1);
    assert.equal(await killsOf(container.cgroup), 1n);
    watch.readLast();
    await container.remove();
    await settled();
    watch.readLast();
    assert.equal(reports, 1);
    watch.close();
  });

  test('the kill of a child is reported while the container lives on', async () => {
    const container = confined('tail /dev/zero; read line; exit 5');
    let reports = 0;
    const reported = new Promise<void>((resolve) => {
      const watch = watchOom(container.cgroup, () => {
        reports += 1;
        watch.close();
        resolve();
      });
    });
    container.release();
    await awaiting(reported);
    assert.equal(reports, 1);
    container.release();
    assert.equal(await container.ended, 5);
    await container.remove();
  });

  test('a kill in a cgroup below is reported, once', async () => {
    const group = makeCgroup([mount ?? '']);
    const directory = group.directories[0] ?? '';
    limitMemory(directory, eightMegabytes);
    mkdirSync(`${directory}/below`);
    const shell = waitingShell('exec tail /dev/zero');
    writeFileSync(`${directory}/below/cgroup.procs`, String(shell.pid));
    const cgroup = locateCgroup(`1:memory:${group.path}\n0::${group.path}\n`, cgroupMode());
    assert.ok(cgroup);
    let reports = 0;
    const watch = watchOom(cgroup, () => {
      reports += 1;
    });
    shell.release();
    assert.equal(await shell.ended, 'SIGKILL');
    watch.readLast();
    assert.equal(reports, 1);
    await settled();
    watch.close();
    await shell.end();
    rmdirSync(`${directory}/below`);
    group.remove();
    assert.equal(reports, 1);
  });

  test('a kill before the watch is not lost', async () => {
    const container = confined('exec tail /dev/zero');
    container.release();
    await container.ended;
    let reports = 0;
    const watch = watchOom(container.cgroup, () => {
      reports += 1;
    });
    watch.readLast();
    assert.equal(reports, 1);
    watch.close();
    await container.remove();
  });

  test('an exit without a kill and the removal of the cgroup report nothing', async () => {
    const container = confined('exit 3');
    let reports = 0;
    const watch = watchOom(container.cgroup, () => {
      reports += 1;
    });
    container.release();
    assert.equal(await container.ended, 3);
    watch.readLast();
    await container.remove();
    await settled();
    watch.readLast();
    watch.close();
    watch.close();
    watch.readLast();
    assert.equal(reports, 0);
  });

  test('a thousand watches leave no descriptor behind', async () => {
    const container = confined('true');
    await container.end();
    watchOom(container.cgroup, () => {}).close();
    const before = openDescriptors();
    for (let round = 0; round < 1000; round += 1) {
      const watches = [1, 2, 3].map(() => watchOom(container.cgroup, () => {}));
      assert.equal(openDescriptors(), before + (isUnified() ? 0 : 3));
      for (const watch of watches) watch.close();
    }
    assert.equal(openDescriptors(), before);
    await container.remove();
    assert.throws(() => watchOom(container.cgroup, () => {}), { code: 'ENOENT' });
    assert.equal(openDescriptors(), before);
  });

  test('metrics of a real cgroup', async () => {
    const container = confined('head -c 1000000 /dev/zero | tail -c 1 > /dev/null');
    container.release();
    assert.equal(await container.ended, 0);
    const { typeUrl, value } = await container.cgroup.stats();
    if (container.cgroup.version === 1) {
      assert.equal(typeUrl, 'io.containerd.cgroups.v1.Metrics');
      const metrics = MetricsV1.decode(value);
      assert.equal(metrics.memory?.usage?.limit, BigInt(eightMegabytes));
      assert.equal(metrics.memory?.hierarchicalMemoryLimit, BigInt(eightMegabytes));
      assert.ok((metrics.memory?.usage?.max ?? 0n) > 0n);
      assert.equal(metrics.memoryOomControl?.oomKill, 0n);
      assert.ok((metrics.cpu?.usage?.total ?? 0n) > 0n);
      assert.ok((metrics.cpu?.usage?.perCpu.length ?? 0) > 0);
    } else {
      assert.equal(typeUrl, 'io.containerd.cgroups.v2.Metrics');
      const metrics = MetricsV2.decode(value);
      assert.equal(metrics.memory?.usageLimit, BigInt(eightMegabytes));
      assert.equal(metrics.pids?.current, 0n);
      assert.ok((metrics.memory?.pgfault ?? 0n) > 0n);
      assert.equal(metrics.pids?.limit, 0xffff_ffff_ffff_ffffn);
      assert.equal(metrics.memoryEvents?.oomKill, 0n);
    }
    await container.remove();
  });
});
