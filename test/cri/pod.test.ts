import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isRunning, readProcess } from '../support/processes.ts';
import { CriDaemon } from './support/daemon.ts';
import { memoryLimitOf } from './support/limits.ts';
import { Pod } from './support/pod.ts';

const MEBIBYTE = 1024 * 1024;
/** More than the pipes between a container and its log hold. */
const LINES = 40_000;

describe('a pod by the CRI', () => {
  let daemon: CriDaemon;
  let pod: Pod;

  before(async () => {
    daemon = await CriDaemon.start();
    pod = await Pod.run(daemon);
  });
  after(async () => {
    await daemon.stop();
  });

  test('with two containers has one shim', async () => {
    const containers = [await pod.start(['sleep', '1000']), await pod.start(['sleep', '1000'])];
    const shims = daemon.containerd.shims();
    assert.equal(shims.length, 1);
    const pids = [await pod.pid(), ...(await Promise.all(containers.map((each) => each.pid())))];
    assert.equal(new Set(pids).size, 3);
    for (const pid of pids) assert.equal(readProcess(pid)?.parent, shims[0]);
    assert.equal(existsSync(daemon.shimSocket(pod.id)), true);
    for (const container of containers) {
      assert.equal((await container.status()).state, 'CONTAINER_RUNNING');
      await container.stop(0);
      await container.remove();
    }
    assert.deepEqual(daemon.containerd.shims(), shims);
    assert.equal(await pod.state(), 'SANDBOX_READY');
  });

  test('has logs, in which both streams are told apart', async () => {
    const container = await pod.start(['sh', '-c', 'echo out; echo err >&2; exec sleep 1000']);
    await container.waitForLogLength(2);
    const lines = container.log().map(({ stream, tag, text }) => `${stream} ${tag} ${text}`);
    assert.deepEqual(lines.sort(), ['stderr F err', 'stdout F out']);
    await container.stop(0);
    await container.remove();
  });

  test('a long output arrives in the log whole', async () => {
    const container = await pod.start(['sh', '-c', `seq 1 ${LINES}; exec sleep 1000`]);
    await container.waitForLogLength(LINES);
    const numbers = container.log().map(({ text }) => Number(text));
    assert.equal(numbers.length, LINES);
    assert.equal(
      numbers.findIndex((number, index) => number !== index + 1),
      -1,
    );
    await container.stop(0);
    await container.remove();
  });

  test('what is written right before the end is in the log', async (context) => {
    if (daemon.version < 1.7) return context.skip('containerd 1.6 stops reading at the exit');
    const container = await pod.start(['sh', '-c', `seq 1 ${LINES}; printf unfinished`]);
    await container.end();
    await container.waitForLogLength(LINES + 1);
    const last = container.log().at(-1);
    assert.deepEqual(last, { stream: 'stdout', tag: 'P', text: 'unfinished' });
    return container.remove();
  });

  test('a container can have a terminal', async () => {
    const command = ['sh', '-c', 'tty; echo error >&2; exec sleep 1000'];
    const container = await pod.start(command, { tty: true });
    await container.waitForLogLength(2);
    const lines = container.log().map(({ stream, text }) => `${stream} ${text.trimEnd()}`);
    assert.deepEqual(lines, ['stdout /dev/pts/0', 'stdout error']);
    await container.stop(0);
    await container.remove();
  });

  for (const [script, exitCode, reason] of [
    ['exit 0', 0, 'Completed'],
    ['exit 3', 3, 'Error'],
    ['exec crash', 139, 'Error'],
  ] as const) {
    test(`${script}: exit code ${exitCode}, reason ${reason}`, async () => {
      const container = await pod.start(['sh', '-c', script]);
      const status = await container.end();
      assert.deepEqual([status.exitCode, status.reason], [exitCode, reason]);
      assert.ok(status.createdAt <= status.finishedAt);
      await container.remove();
    });
  }

  test('a container beyond its memory: OOMKilled', async () => {
    const hog = ['tail', '-c', '1000000000', '/dev/zero'];
    const container = await pod.start(hog, { memoryLimit: 32 * MEBIBYTE });
    const { exitCode, reason } = await container.end();
    assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);
    await container.remove();
    assert.equal(await pod.state(), 'SANDBOX_READY');
  });

  test('a command that is not there: the start fails, and the container can be removed', async () => {
    await assert.rejects(pod.start(['/bin/no-such-command']), /no such file or directory/);
    const [container] = await daemon.client
      .call('ListContainers', { filter: { podSandboxId: pod.id } })
      .then(({ containers }) => containers);
    const { status } = await daemon.client.call('ContainerStatus', {
      containerId: container?.id ?? '',
      verbose: false,
    });
    assert.equal(status.state, 'CONTAINER_EXITED');
    assert.equal(status.reason, 'StartError');
    await daemon.client.call('RemoveContainer', { containerId: container?.id ?? '' });
  });

  test('stop: the gentle signal is enough', async () => {
    const script = 'trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done';
    const container = await pod.start(['sh', '-c', script]);
    await container.waitForLog('ready');
    await container.stop(30);
    const { exitCode, reason } = await container.status();
    assert.deepEqual([exitCode, reason], [4, 'Error']);
    await container.remove();
  });

  test('stop: SIGKILL when the time is over', async () => {
    const script = 'trap "echo no" TERM; echo ready; while :; do sleep 0.05; done';
    const container = await pod.start(['sh', '-c', script]);
    await container.waitForLog('ready');
    await container.stop(1);
    const { exitCode, reason } = await container.status();
    assert.deepEqual([exitCode, reason], [137, 'Error']);
    assert.ok(container.log().some(({ text }) => text === 'no'));
    await container.remove();
  });

  test('stats of one container, of a pod, and of all', async () => {
    const script = 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo done; exec sleep 1000';
    const containers = [
      await pod.start(['sh', '-c', script]),
      await pod.start(['sh', '-c', script]),
    ];
    for (const container of containers) {
      await container.waitForLog('done');
      const { attributes, cpu, memory } = await container.stats();
      assert.equal(attributes.id, container.id);
      assert.ok((cpu?.usageCoreNanoSeconds?.value ?? 0) > 1_000_000);
      assert.ok((memory?.workingSetBytes?.value ?? 0) > 4096);
    }
    const filter = { podSandboxId: pod.id };
    const { stats } = await daemon.client.call('ListContainerStats', { filter });
    const ids = stats.map(({ attributes }) => attributes.id).sort();
    assert.deepEqual(ids, containers.map(({ id }) => id).sort());
    for (const { cpu } of stats) assert.ok((cpu?.usageCoreNanoSeconds?.value ?? 0) > 1_000_000);
    const { stats: whole } = await daemon.client.call('PodSandboxStats', filter);
    assert.equal(whole.attributes.id, pod.id);
    assert.ok((whole.linux.cpu?.usageCoreNanoSeconds?.value ?? 0) > 1_000_000);
    assert.deepEqual(whole.linux.containers.map(({ attributes }) => attributes.id).sort(), ids);
    for (const container of containers) {
      await container.stop(0);
      await container.remove();
    }
  });

  test('the memory limit of a container can be changed', async () => {
    const container = await pod.start(['sleep', '1000'], { memoryLimit: 32 * MEBIBYTE });
    await container.updateMemoryLimit(48 * MEBIBYTE);
    assert.equal(memoryLimitOf(await container.pid()), 48 * MEBIBYTE);
    await container.stop(0);
    await container.remove();
  });

  test('is removed, and nothing is left', async () => {
    const pid = await pod.pid();
    const [shim = 0] = daemon.containerd.shims();
    await pod.stop();
    assert.equal(await pod.state(), 'SANDBOX_NOTREADY');
    assert.equal(isRunning(pid), false);
    await pod.remove();
    assert.deepEqual(await daemon.leftovers(), []);
    assert.equal(isRunning(shim), false);
  });
});
