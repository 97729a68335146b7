import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Containerd } from '../support/containerd.ts';
import { readProcess, waitForEnd } from '../support/processes.ts';

const GROUP = 'io.containerd.runc.v2.group';

describe('containers of one group', () => {
  let containerd: Containerd;

  before(async () => {
    containerd = await Containerd.start();
  });
  after(async () => {
    await containerd.stop();
  });

  const start = (id: string, group: string) =>
    containerd.runDetached(id, ['/bin/sleep', '1000'], '--annotation', `${GROUP}=${group}`);

  const parentOf = async (id: string): Promise<number> => {
    const task = await containerd.task(id);
    return readProcess(task?.pid ?? 0)?.parent ?? 0;
  };

  const addressOf = (id: string) => readFileSync(join(containerd.bundle(id), 'address'), 'utf8');

  test('share one shim, and the last deletion ends it', async () => {
    const group = containerd.newId('group');
    const [first, second] = [containerd.newId('first'), containerd.newId('second')];
    await start(first, group);
    await start(second, group);

    const shims = containerd.shims();
    assert.equal(shims.length, 1);
    const [shim = 0] = shims;
    assert.deepEqual([await parentOf(first), await parentOf(second)], [shim, shim]);
    assert.equal(addressOf(first), `unix://${containerd.shimSocket(group)}`);
    assert.equal(addressOf(second), addressOf(first));

    await containerd.remove(first);
    assert.deepEqual(containerd.shims(), [shim]);
    assert.equal((await containerd.task(second))?.status, 'RUNNING');
    assert.equal(existsSync(containerd.shimSocket(group)), true);

    await containerd.remove(second);
    await waitForEnd(shim);
    assert.equal(existsSync(containerd.shimSocket(group)), false);
    assert.deepEqual(await containerd.leftovers(), []);
  });

  test('without an annotation each has its own', async () => {
    const ids = [containerd.newId('own'), containerd.newId('own')];
    for (const id of ids) await containerd.runDetached(id, ['/bin/sleep', '1000']);
    assert.equal(containerd.shims().length, 2);
    for (const id of ids) await containerd.remove(id);
    assert.deepEqual(await containerd.leftovers(), []);
  });

  test('that start at the same time share one as well', async () => {
    const group = containerd.newId('race');
    const ids = Array.from({ length: 5 }, () => containerd.newId('racer'));
    await Promise.all(ids.map((id) => start(id, group)));
    const parents = await Promise.all(ids.map(parentOf));
    assert.equal(new Set(parents).size, 1, `parents: ${parents}`);
    assert.deepEqual(containerd.shims(), [parents[0]]);
    await Promise.all(ids.map((id) => containerd.remove(id)));
    assert.deepEqual(await containerd.leftovers(), []);
  });
});
