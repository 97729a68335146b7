import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MetricsV1, MetricsV2 } from '../../../src/proto/messages.ts';
import { isRunning, waitForEnd } from '../../support/processes.ts';
import { SandboxClient } from '../../support/sandboxClient.ts';
import { ShimPod } from '../../support/shimPod.ts';

describe('a sandbox whose bundle has a spec', () => {
  const sandboxId = 'paused-box';
  let pod: ShimPod;
  let sandbox: SandboxClient;
  beforeEach(async () => {
    pod = await ShimPod.start();
    sandbox = new SandboxClient(pod.client.client);
  });
  afterEach(() => pod?.close());

  const create = (args: readonly string[], options = pod.options()) =>
    sandbox.create({ sandboxId, bundlePath: pod.bundle(sandboxId, { args }), options });

  test('runs it as a container, whose namespaces the others join', async () => {
    await create(['sleep', '1000']);
    const { pid } = await sandbox.start(sandboxId);
    assert.ok(isRunning(pid));
    const status = await sandbox.status(sandboxId, true);
    assert.equal(status.state, 'SANDBOX_READY');
    assert.match(status.info.sandbox ?? '', /pause container/);
    const namespaces = [{ type: 'pid', path: `/proc/${pid}/ns/pid` }];
    await pod.run({ args: ['sleep', '1000'], namespaces }, 'joined');
    assert.match(await pod.outputOfExec('joined', ['ps', '-o', 'pid,args']), / 1 sleep 1000/);

    const { metrics } = await sandbox.metrics(sandboxId);
    assert.ok([MetricsV1.fullName, MetricsV2.fullName].includes(metrics?.data?.typeUrl ?? ''));
    const waiting = sandbox.wait(sandboxId);
    await sandbox.stop(sandboxId);
    assert.equal((await waiting).exitStatus, 137);
    assert.equal((await pod.client.wait('joined')).exitStatus, 137);
    await pod.client.delete('joined');
    await pod.client.shutdown('joined');
    assert.ok(isRunning(pod.pid), 'the sandbox can still be asked for its status');
    assert.equal((await sandbox.status(sandboxId)).state, 'SANDBOX_NOTREADY');
    await sandbox.shutdown(sandboxId);
    await waitForEnd(pod.pid);
    assert.deepEqual(pod.runcStates(), []);
    assert.deepEqual(pod.events.story(sandboxId), ['create', 'start', 'exit', 'delete']);
  });

  test('ends when the container does', async () => {
    await create(['sh', '-c', 'exit 5']);
    const waiting = sandbox.wait(sandboxId);
    await sandbox.start(sandboxId);
    assert.equal((await waiting).exitStatus, 5);
    assert.equal((await sandbox.status(sandboxId)).state, 'SANDBOX_NOTREADY');
    await sandbox.stop(sandboxId);
    await sandbox.shutdown(sandboxId);
    await waitForEnd(pod.pid);
  });

  test('is gone without a trace when it cannot be made', async () => {
    const options = pod.options({ binaryName: 'no-such-runtime' });
    await assert.rejects(create(['true'], options), {
      message: /exec: "no-such-runtime": executable file not found/,
    });
    await assert.rejects(sandbox.status(sandboxId), { code: 5 });
    await sandbox.shutdown(sandboxId);
    await waitForEnd(pod.pid);
    assert.deepEqual(pod.events.story(sandboxId), []);
  });

  test('that was never started is removed', async () => {
    await create(['sleep', '1000']);
    await sandbox.shutdown(sandboxId);
    await waitForEnd(pod.pid);
    assert.deepEqual(pod.runcStates(), []);
    assert.deepEqual(pod.events.story(sandboxId), ['create', 'exit', 'delete']);
  });
});
