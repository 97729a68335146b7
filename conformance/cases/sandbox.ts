import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PodSandboxConfig } from '../../src/proto/messages.ts';
import { Code, StatusError } from '../../src/ttrpc/status.ts';
import { listProcesses, waitForEnd } from '../../test/support/processes.ts';
import { SandboxClient } from '../../test/support/sandboxClient.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { type ConformanceCase, skip } from '../case.ts';
import { assertNothingLeft } from '../support/nothingLeft.ts';
import { SOON, within } from '../support/within.ts';

const SANDBOX = 'box';
/** As CRI counts: the pod has its own, each container has, the machine has. */
const CONTAINER = 1;
const NODE = 2;

function childrenOf(pod: ShimPod): number[] {
  return listProcesses()
    .filter(({ parent }) => parent === pod.pid)
    .map(({ pid }) => pid);
}

/** Skips where a shim has no Sandbox service, as most have none. */
async function createSandbox(pod: ShimPod, client: SandboxClient): Promise<void> {
  const bundlePath = join(pod.sandbox.directory, SANDBOX);
  mkdirSync(bundlePath);
  const namespaceOptions = { network: NODE, pid: CONTAINER, ipc: NODE };
  const config = { hostname: 'the-pod', linux: { securityContext: { namespaceOptions } } };
  const value = PodSandboxConfig.encode(config).finish();
  const options = { typeUrl: PodSandboxConfig.fullName, value };
  try {
    await client.create({ sandboxId: SANDBOX, bundlePath, netnsPath: '', options });
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== Code.Unimplemented) throw error;
    skip('it has no Sandbox service');
  }
}

export const sandboxCases: readonly ConformanceCase[] = [
  {
    name: 'pod-without-pause',
    sentence:
      'A sandbox is started, asked and stopped without a process of its own, and containers live in it.',
    threads: ['containerd#14106', 'containerd#14135', 'containerd#10505', 'runwasi#385'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const sandbox = new SandboxClient(pod.client.client);
      await createSandbox(pod, sandbox);
      await sandbox.start(SANDBOX);
      assert.deepEqual(childrenOf(pod), [], 'processes of an empty sandbox');
      await sandbox.ping(SANDBOX);
      assert.equal((await sandbox.platform(SANDBOX)).platform?.os, 'linux');
      assert.equal((await sandbox.status(SANDBOX)).state, 'SANDBOX_READY');
      const waiting = sandbox.wait(SANDBOX);
      const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
      assert.deepEqual(childrenOf(pod), [pid]);
      await pod.remove(id);
      // The last container does not take the sandbox with it.
      await pod.client.shutdown(id).catch(() => {});
      assert.equal((await sandbox.status(SANDBOX)).state, 'SANDBOX_READY');
      await within(SOON, 'StopSandbox', sandbox.stop(SANDBOX));
      assert.equal((await within(SOON, 'WaitSandbox', waiting)).exitStatus, 0);
      assert.equal((await sandbox.status(SANDBOX)).state, 'SANDBOX_NOTREADY');
      await sandbox.shutdown(SANDBOX).catch(() => {});
      await waitForEnd(pod.pid, SOON);
      await assertNothingLeft(pod);
    },
  },
];
