import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isRunning, killQuietly, waitForEnd } from '../support/processes.ts';
import { CriDaemon } from './support/daemon.ts';
import { Pod } from './support/pod.ts';

const PARALLEL = 10;

describe('removal of pods', () => {
  let daemon: CriDaemon;

  before(async () => {
    daemon = await CriDaemon.start();
  });
  after(async () => {
    await daemon.stop();
  });

  const sleep = ['sleep', '1000'];

  const nothingIsLeft = async () => {
    const { items } = await daemon.client.call('ListPodSandbox', {});
    assert.deepEqual([items, await daemon.leftovers()], [[], []]);
  };

  test('the pod first', async () => {
    const pod = await Pod.run(daemon);
    const pids = [await (await pod.start(sleep)).pid(), await (await pod.start(sleep)).pid()];
    await pod.stop();
    assert.deepEqual(pids.map(isRunning), [false, false]);
    await pod.remove();
    await nothingIsLeft();
  });

  test('without a stop before', async () => {
    const pod = await Pod.run(daemon);
    await pod.start(sleep);
    await pod.remove();
    await nothingIsLeft();
  });

  test('the containers first', async () => {
    const pod = await Pod.run(daemon);
    const containers = [await pod.start(sleep), await pod.start(sleep)];
    for (const container of containers) {
      await container.stop(0);
      await container.remove();
    }
    assert.equal(await pod.state(), 'SANDBOX_READY');
    await pod.stop();
    await pod.remove();
    await nothingIsLeft();
  });

  test('the pause container is killed before the workload', async () => {
    const pod = await Pod.run(daemon);
    const container = await pod.start(sleep);
    killQuietly(await pod.pid());
    await pod.waitForState('SANDBOX_NOTREADY');
    assert.equal((await container.status()).state, 'CONTAINER_RUNNING');
    assert.equal((await container.exec(['echo', 'alive'])).stdout, 'alive\n');
    await container.stop(0);
    await container.remove();
    await pod.stop();
    await pod.remove();
    await nothingIsLeft();
  });

  test('the pause container is killed, and with it a process namespace of the pod', async () => {
    const pod = await Pod.run(daemon, { processNamespace: 'POD' });
    const container = await pod.start(sleep);
    killQuietly(await pod.pid());
    assert.equal((await container.end()).exitCode, 137);
    await pod.waitForState('SANDBOX_NOTREADY');
    await pod.stop();
    await pod.remove();
    await nothingIsLeft();
  });

  test(`${PARALLEL} at the same time`, async () => {
    const lives = Array.from({ length: PARALLEL }, async () => {
      const pod = await Pod.run(daemon);
      const container = await pod.start(['sh', '-c', 'echo ready; exec sleep 1000']);
      await container.waitForLog('ready');
      return pod;
    });
    const pods = await Promise.all(lives);
    assert.equal(daemon.containerd.shims().length, PARALLEL);
    await Promise.all(
      pods.map(async (pod) => {
        await pod.stop();
        await pod.remove();
      }),
    );
    await nothingIsLeft();
  });

  test('the shim is killed', async () => {
    const pod = await Pod.run(daemon);
    const container = await pod.start(sleep);
    const pids = [await pod.pid(), await container.pid()];
    for (const shim of daemon.containerd.shims()) killQuietly(shim);
    // 137 from the clean-up's event, 255 where the daemon's own wait for the task fails first.
    assert.ok([137, 255].includes((await container.end()).exitCode));
    await pod.waitForState('SANDBOX_NOTREADY');
    for (const pid of pids) await waitForEnd(pid);
    await pod.stop();
    await pod.remove();
    await nothingIsLeft();
  });
});
