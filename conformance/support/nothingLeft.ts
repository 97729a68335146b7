import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cgroupsBelow } from '../../test/support/cgroups.ts';
import { mountsBelow } from '../../test/support/mounts.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import { SOON } from './within.ts';

/** After the end of a pod: no process of it, no socket, no container, no mount, no cgroup. */
export async function assertNothingLeft(pod: ShimPod): Promise<void> {
  await waitUntil('no process is left', () => pod.sandbox.servers().length === 0, SOON);
  assert.ok(!existsSync(pod.socket), 'the socket is left');
  assert.deepEqual(pod.runcStates(), [], 'containers of the runtime');
  assert.deepEqual(mountsBelow(pod.sandbox.directory), [], 'mounts');
  assert.deepEqual(cgroupsBelow(pod.cgroup), [], 'cgroups');
}
