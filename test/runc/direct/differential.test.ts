import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { withoutUnifiedCgroups } from '../../matrix/containerd/mountNamespace.ts';
import { shimCommand } from '../../support/binary.ts';
import type { RunningCommand } from '../../support/commands.ts';
import { ShimPod } from '../../support/shimPod.ts';
import {
  commandsOf,
  lifeCycle,
  type Runtime,
  type Sight,
  untilRuntimeIsKnown,
} from './lifeCycle.ts';

const pods: ShimPod[] = [];

/** What is to be seen on the way of a container, and which commands of the runtime were run for it. */
async function watch(
  runtime: Runtime,
  environment: Readonly<Record<string, string>>,
): Promise<{ sights: Sight[]; commands: string[] }> {
  const pod = await ShimPod.start({ command: [...runtime.prefix, ...shimCommand()], environment });
  pods.push(pod);
  if (environment.PODSHIM_DIRECT_PATH !== 'off') await untilRuntimeIsKnown(pod, runtime.binary);
  const sights = await lifeCycle(pod, runtime, 'compared');
  return { sights, commands: await commandsOf(pod, 'compared') };
}

/** nsenter forgets the working directory, which `start` needs. */
function inMountNamespaceOf(pid: number): string[] {
  const inside = `cd "$0" && exec "$@"`;
  const script = `exec nsenter --mount=/proc/${pid}/ns/mnt sh -c '${inside}' "$PWD" "$@"`;
  return ['sh', '-c', script, 'sh'];
}

async function compare(runtime: Runtime): Promise<void> {
  const direct = await watch(runtime, {});
  const through = await watch(runtime, { PODSHIM_DIRECT_PATH: 'off' });
  assert.deepEqual(direct.sights, through.sights);
  assert.deepEqual(direct.commands, ['create']);
  assert.deepEqual(through.commands, ['create', 'start', 'kill', 'delete']);
}

describe('the direct path leaves the machine as the runtime would, after every step', () => {
  let namespace: RunningCommand | undefined;
  before(async () => {
    namespace = await withoutUnifiedCgroups();
  });
  after(async () => {
    namespace?.kill('SIGKILL');
    await namespace?.finished;
  });
  afterEach(async () => {
    for (const pod of pods.splice(0)) await pod.close();
  });

  test('runc', () => compare({ binary: 'runc', prefix: [] }));

  test('crun', async () => {
    const prefix = namespace === undefined ? [] : inMountNamespaceOf(namespace.pid);
    await compare({ binary: 'crun', prefix });
  });
});
