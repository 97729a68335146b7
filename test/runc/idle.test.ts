import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ShimPod } from '../support/shimPod.ts';
import { skipFor } from '../support/skipping.ts';
import { waitUntil } from '../support/waiting.ts';
import { wakeUpsIn } from '../support/wakeUps.ts';

const isNode = process.env.PODSHIM_RUNTIME === 'node';

/**
 * With sockets of Bun's it would be five of the event loop at least, and more of the thread that each of them wakes.
 * Strangers may ask something of any shim (`podshim ps`), which then needs some seconds to come to rest: so it is tried
 * again.
 */
async function comesToRest(pid: number, milliseconds = 5000, wakeUps = 2): Promise<void> {
  await waitUntil(
    `${wakeUps} wake-ups or fewer in ${milliseconds} ms`,
    async () => (await wakeUpsIn(pid, milliseconds)) <= wakeUps,
    100_000,
  );
}

describe('an idle server', skipFor(isNode ? 'only Bun parks connections' : undefined), () => {
  let pod: ShimPod;
  before(async () => {
    pod = await ShimPod.start();
  });
  after(() => pod?.close());

  const connections = (): number =>
    pod.descriptors().filter((target) => target.startsWith('socket:')).length;

  test('sleeps while the daemon is connected, and takes its calls', async () => {
    const { id } = await pod.run({ args: ['sleep', '1000'] }, 'one');
    const other = await pod.connect();
    assert.equal((await other.state(id)).id, id);
    const open = connections();
    await comesToRest(pod.pid);
    assert.equal(connections(), open);
    other.close();
    await waitUntil('the closed connection is gone', () => connections() === open - 1);
    assert.equal((await pod.client.state(id)).id, id);
    await pod.remove(id);
  });

  test('tells of an exit that ends its sleep', async () => {
    const { id, pid } = await pod.run({ args: ['sleep', '1000'] }, 'two');
    const waiting = pod.client.wait(id);
    await pod.client.state(id);
    await comesToRest(pod.pid, 2500, 0);
    process.kill(pid, 'SIGKILL');
    assert.equal((await waiting).exitStatus, 137);
    assert.equal((await pod.events.exitOf(id)).exitStatus, 137);
    await pod.client.delete(id);
    await pod.events.deleteOf(id);
  });
});
