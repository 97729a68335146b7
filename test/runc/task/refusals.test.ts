import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ShimClient } from '../../support/shimClient.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

type Operation = (client: ShimClient, id: string) => Promise<unknown>;

const operations = {
  start: (client, id) => client.start(id),
  delete: (client, id) => client.delete(id),
  pause: (client, id) => client.pause(id),
  resume: (client, id) => client.resume(id),
  update: (client, id) => client.update(id, {}),
  checkpoint: (client, id) => client.checkpoint(id, '/no/such/directory'),
  exec: (client, id) => client.exec({ id, execId: 'e', args: ['true'] }),
} satisfies Record<string, Operation>;

/** What is refused in which state, always with code Unknown and exactly this text. */
const refused: Readonly<
  Record<string, Readonly<Partial<Record<keyof typeof operations, string>>>>
> = {
  created: {
    pause: 'cannot pause task in created state',
    resume: 'cannot resume task in created state',
    checkpoint: 'cannot checkpoint a task in created state',
  },
  running: {
    start: 'cannot start a running process',
    delete: 'cannot delete a running process',
    resume: 'cannot resume a running process',
  },
  paused: {
    start: 'cannot start a paused process',
    delete: 'cannot delete a paused process',
    pause: 'cannot pause a paused container',
    exec: 'cannot exec in a paused state',
  },
  stopped: {
    start: 'cannot start a stopped process',
    pause: 'cannot pause a stopped container',
    resume: 'cannot resume a stopped container',
    update: 'cannot update a stopped container',
    checkpoint: 'cannot checkpoint a stopped container',
    exec: 'cannot exec in a stopped state',
  },
};

async function assertRefused(state: string, id: string): Promise<void> {
  const before = await pod.client.state(id);
  for (const [name, operation] of Object.entries(operations)) {
    const message = refused[state]?.[name as keyof typeof operations];
    if (message === undefined) continue;
    await assert.rejects(operation(pod.client, id), { code: 2, message }, `${name} when ${state}`);
  }
  assert.deepEqual(await pod.client.state(id), before, 'a refusal changes nothing');
}

describe('what a state does not allow is refused in the known words', () => {
  test('of an init', async () => {
    const { client } = pod;
    const { id } = await pod.create({ args: ['sleep', '1000'] });
    await assertRefused('created', id);
    await client.start(id);
    await assertRefused('running', id);
    await client.pause(id);
    await assertRefused('paused', id);
    await client.resume(id);
    await client.kill(id, 9);
    await client.wait(id);
    await assertRefused('stopped', id);
    const finished = { code: 5, message: 'process already finished: not found' };
    await assert.rejects(client.kill(id, 9), finished);
    await client.delete(id);
    await pod.events.deleteOf(id);
    assert.deepEqual(pod.events.story(id), [
      'create',
      'start',
      'paused',
      'resumed',
      'exit',
      'delete',
    ]);
  });

  test('of an exec', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const execId = 'e';
    await client.exec({ id, execId, args: ['sleep', '1000'] });
    await assert.rejects(client.kill(id, 9, { execId }), {
      code: 9,
      message: 'process not created: failed precondition',
    });
    await client.resizePty(id, 80, 24, execId);
    await client.start(id, execId);
    await assert.rejects(client.start(id, execId), {
      code: 2,
      message: 'cannot start a running process',
    });
    await assert.rejects(client.delete(id, execId), {
      code: 2,
      message: 'cannot delete a running process',
    });
    await client.kill(id, 9, { execId });
    await client.wait(id, execId);
    await assert.rejects(client.start(id, execId), {
      code: 2,
      message: 'cannot start a stopped process',
    });
    await assert.rejects(client.kill(id, 9, { execId }), {
      code: 5,
      message: 'process already finished: not found',
    });
    await assert.rejects(client.resizePty(id, 80, 24, execId), {
      code: 2,
      message: 'cannot resize a stopped container',
    });
    await client.delete(id, execId);
    await pod.remove(id);
  });

  test('of a container that was deleted behind the shim', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await pod.deleteBehindTheShim(id);
    assert.equal((await client.wait(id)).exitStatus, 137);
    await assert.rejects(client.kill(id, 9), {
      code: 5,
      message: 'no such container: not found',
    });
    assert.equal((await client.delete(id)).exitStatus, 137);
  });
});

describe('the same request twice at once', () => {
  test('starts once', async () => {
    const { client } = pod;
    const { id, pid } = await pod.create({ args: ['sleep', '1000'] });
    const [first, second] = await Promise.allSettled([client.start(id), client.start(id)]);
    assert.deepEqual(first, { status: 'fulfilled', value: { pid } });
    assert.ok(second?.status === 'rejected');
    assert.equal(second.reason.message, 'cannot start a running process');
    await pod.remove(id);
  });

  test('deletes once', async () => {
    const { client, events } = pod;
    const { id } = await pod.run({ args: ['true'] });
    await client.wait(id);
    const results = await Promise.allSettled([client.delete(id), client.delete(id)]);
    assert.equal(results[0]?.status, 'fulfilled');
    const second = results[1];
    assert.ok(second?.status === 'rejected');
    assert.equal(second.reason.code, 5);
    await pod.remove((await pod.run({ args: ['true'] }, 'after')).id);
    await events.deleteOf('after');
    assert.deepEqual(events.story(id), ['create', 'start', 'exit', 'delete']);
  });

  test('deletes an exec once', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'e', args: ['true'] });
    await client.start(id, 'e');
    await client.wait(id, 'e');
    const results = await Promise.allSettled([client.delete(id, 'e'), client.delete(id, 'e')]);
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 0));
    assert.deepEqual(codes, [0, 5]);
    await pod.remove(id);
  });
});
