import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isRunning, killQuietly, waitForEnd } from '../support/processes.ts';
import { CriDaemon } from './support/daemon.ts';
import { Pod } from './support/pod.ts';

/** From 1.7 on containerd deletes a task without processes as it starts, and the CRI does not learn how it ended. */
const UNKNOWN = [255, 255];

describe('kill -9 of containerd with pods running', () => {
  let daemon: CriDaemon;

  before(async () => {
    daemon = await CriDaemon.start();
  });
  after(async () => {
    await daemon.stop();
  });

  test('pods go on, deaths meanwhile are seen, and everything works afterwards', async () => {
    const pods = [await Pod.run(daemon), await Pod.run(daemon)];
    const [first, second] = pods as [Pod, Pod];
    const talker = await first.start(['sh', '-c', 'while :; do echo tick; sleep 0.1; done']);
    const mortal = await first.start(['sleep', '1000']);
    const leaver = await first.start([
      'sh',
      '-c',
      'trap "exit 9" TERM; echo trapped; while :; do sleep 0.05; done',
    ]);
    const other = await second.start(['sleep', '1000']);
    await talker.waitForLog('tick');
    await leaver.waitForLog('trapped');
    const stays = await Promise.all([first.pid(), second.pid(), talker.pid(), other.pid()]);
    const [mortalPid, leaverPid] = [await mortal.pid(), await leaver.pid()];
    const shims = daemon.containerd.shims();
    assert.equal(shims.length, 2);

    await daemon.restart(async () => {
      killQuietly(mortalPid);
      killQuietly(leaverPid, 'SIGTERM');
      await waitForEnd(mortalPid);
      await waitForEnd(leaverPid);
    });

    assert.deepEqual(daemon.containerd.shims(), shims);
    assert.deepEqual(stays.map(isRunning), [true, true, true, true]);
    for (const pod of pods) assert.equal(await pod.state(), 'SANDBOX_READY');
    for (const container of [talker, other]) {
      assert.equal((await container.status()).state, 'CONTAINER_RUNNING');
    }
    const exitCodes = [await mortal.end(), await leaver.end()].map(({ exitCode }) => exitCode);
    assert.deepEqual(exitCodes, daemon.version < 1.7 ? [137, 9] : UNKNOWN);

    const result = await talker.exec(['sh', '-c', 'echo out; exit 3']);
    assert.deepEqual(result, { stdout: 'out\n', stderr: '', exitCode: 3 });
    const ticks = talker.log().length;
    await talker.waitForLogLength(ticks + 3);
    assert.ok(((await talker.stats()).cpu?.usageCoreNanoSeconds?.value ?? 0) > 0);
    const joined = await first.start(['sh', '-c', 'exit 6']);
    assert.equal((await joined.end()).exitCode, 6);
    assert.deepEqual(daemon.containerd.shims(), shims);

    await talker.stop(1);
    assert.equal((await talker.status()).exitCode, 137);
    killQuietly(stays[3] ?? 0);
    assert.equal((await other.end()).exitCode, 137);
    for (const pod of pods) {
      await pod.stop();
      await pod.remove();
    }
    assert.deepEqual(await daemon.leftovers(), []);
  });

  test('a pod whose pause container dies meanwhile is not ready and can be removed', async () => {
    const pod = await Pod.run(daemon);
    const container = await pod.start(['sleep', '1000']);
    const pause = await pod.pid();
    await daemon.restart(async () => {
      killQuietly(pause);
      await waitForEnd(pause);
    });
    await pod.waitForState('SANDBOX_NOTREADY');
    assert.equal((await container.status()).state, 'CONTAINER_RUNNING');
    await pod.stop();
    await pod.remove();
    assert.deepEqual(await daemon.leftovers(), []);
  });
});
