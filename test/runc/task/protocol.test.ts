import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ConnectRequest, ConnectResponse } from '../../../src/proto/messages.ts';
import { TASK_V2, TASK_V3 } from '../../support/shimClient.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

const notCreated = { code: 5, message: 'container not created: not found' };

describe('services', () => {
  test('versions 2 and 3 are the same under two names', async () => {
    const other = await pod.connect(TASK_V3);
    const { id, pid } = await pod.create({ args: ['true'] });
    assert.equal((await other.state(id)).pid, pid);
    await other.start(id);
    assert.equal((await other.wait(id)).exitStatus, 0);
    await other.delete(id);
    await assert.rejects(pod.client.state(id), notCreated);
    other.close();
  });

  test('an unknown service and an unknown method are Unimplemented', async () => {
    const { client } = pod.client;
    const payload = new Uint8Array(0);
    await assert.rejects(client.call('containerd.task.v4.Task', 'State', payload), {
      code: 12,
      message: 'service containerd.task.v4.Task',
    });
    await assert.rejects(client.call(TASK_V2, 'Dance', payload), {
      code: 12,
      message: 'method Dance',
    });
  });

  test('a payload that is no message is Internal, and the connection lives', async () => {
    const { client } = pod.client;
    const broken = new Uint8Array([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]);
    for (const method of ['State', 'Create', 'Kill', 'Exec', 'Wait']) {
      await assert.rejects(client.call(TASK_V2, method, broken), {
        code: 13,
        message: /^ttrpc: error unmarshalling payload: /,
      });
    }
    const answer = await client.call(TASK_V2, 'Connect', ConnectRequest.encode({}).finish());
    assert.equal(ConnectResponse.decode(answer).shimPid, pod.pid);
  });
});

describe('look-up', () => {
  test('of an unknown container, by every method', async () => {
    const { client } = pod;
    const id = 'nobody';
    const calls: (() => Promise<unknown>)[] = [
      () => client.state(id),
      () => client.start(id),
      () => client.delete(id),
      () => client.pids(id),
      () => client.pause(id),
      () => client.resume(id),
      () => client.checkpoint(id, '/nowhere'),
      () => client.kill(id, 9),
      () => client.exec({ id, execId: 'e', args: ['true'] }),
      () => client.resizePty(id, 1, 1),
      () => client.closeIo(id),
      () => client.update(id, {}),
      () => client.wait(id),
      () => client.stats(id),
    ];
    for (const call of calls) await assert.rejects(call, notCreated);
  });

  test('of an unknown exec', async () => {
    const { client } = pod;
    const { id } = await pod.create({ args: ['true'] });
    const unknown = { code: 5, message: 'process does not exist ghost: not found' };
    const calls: (() => Promise<unknown>)[] = [
      () => client.state(id, 'ghost'),
      () => client.start(id, 'ghost'),
      () => client.delete(id, 'ghost'),
      () => client.kill(id, 9, { execId: 'ghost' }),
      () => client.resizePty(id, 1, 1, 'ghost'),
      () => client.closeIo(id, 'ghost'),
      () => client.wait(id, 'ghost'),
    ];
    for (const call of calls) await assert.rejects(call, unknown);
    await client.delete(id);
  });
});

describe('ids', () => {
  const long = 'x'.repeat(77);
  const bad = [
    { name: 'empty', id: '', text: / id must not be empty: invalid argument$/ },
    { name: 'with a slash', id: 'a/b', text: / id "a\/b" must be .*: invalid argument$/ },
    { name: 'with dots', id: '..', text: / id "\.\." must be .*: invalid argument$/ },
    { name: 'of 77 characters', id: long, text: / is 77 characters long, the limit is 76: inv/ },
  ];
  for (const { name, id, text } of bad) {
    test(`${name} are refused`, async () => {
      const { client } = pod;
      const bundle = pod.sandbox.directory;
      await assert.rejects(client.create({ id, bundle, options: pod.options() }), {
        code: 3,
        message: text,
      });
      const container = await pod.create({ args: ['true'] });
      await assert.rejects(client.exec({ id: container.id, execId: id, args: ['true'] }), {
        code: 3,
        message: text,
      });
      await client.delete(container.id);
    });
  }

  test('of 76 characters are taken', async () => {
    const id = 'x'.repeat(76);
    assert.equal((await pod.outputOf({ args: ['echo', 'hi'] })).trim(), 'hi');
    await pod.create({ args: ['true'] }, id);
    await pod.client.delete(id);
  });

  test('that exist already are refused, and the first owner is not disturbed', async () => {
    const { client } = pod;
    const { id, bundle, pid } = await pod.run({ args: ['sleep', '1000'] });
    await assert.rejects(client.create({ id, bundle, options: pod.options() }), {
      code: 6,
      message: `container ${id}: already exists`,
    });
    await client.exec({ id, execId: 'e', args: ['true'] });
    await assert.rejects(client.exec({ id, execId: 'e', args: ['true'] }), {
      code: 6,
      message: 'id e: already exists',
    });
    const { status, pid: after } = await client.state(id);
    assert.deepEqual([status, after], [2, pid]);
    await pod.remove(id);
  });

  test('of two creates at once: one wins', async () => {
    const id = pod.newId();
    const bundle = pod.bundle(id, { args: ['true'] });
    const create = () => pod.client.create({ id, bundle, options: pod.options() });
    const results = await Promise.allSettled([create(), create(), create()]);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(pod.runcStates(), [id]);
    await pod.client.delete(id);
    await pod.events.deleteOf(id);
    assert.deepEqual(pod.events.story(id), ['create', 'exit', 'delete']);
  });
});
