import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

describe('Exec', () => {
  test('adds a process with its events in order and its output', async () => {
    const { client, events } = pod;
    const { id, bundle } = await pod.run({ args: ['sleep', '1000'] });
    const { stdin, stdout, stderr } = pod.fifos('exec');
    const out = pod.read(stdout);
    const err = pod.read(stderr);
    const args = ['sh', '-c', 'echo $WORD; pwd; echo err >&2; exit 5'];
    const environment = { env: ['PATH=/bin', 'WORD=hello'], cwd: '/tmp' };
    await client.exec({ id, execId: 'one', args, stdin, stdout, stderr, process: environment });
    const waiting = client.wait(id, 'one');
    await client.start(id, 'one');
    assert.equal((await waiting).exitStatus, 5);
    assert.equal((await out.finished).stdout, 'hello\n/tmp\n');
    assert.equal((await err.finished).stdout, 'err\n');
    assert.ok(existsSync(join(bundle, 'one.pid')));
    await client.delete(id, 'one');
    assert.ok(!existsSync(join(bundle, 'one.pid')));
    await pod.remove(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), [
      'create',
      'start',
      'exec-added one',
      'exec-started one',
      'exit one',
      'exit',
      'delete',
    ]);
  });

  test('takes a spec of a hundred thousand bytes', async () => {
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const words = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(100, 'x'));
    const script = 'for word; do printf %s "$word"; done | wc -c';
    assert.equal(
      (await pod.outputOfExec(id, ['sh', '-c', script, 'sh', ...words])).trim(),
      '100000',
    );
    await pod.remove(id);
  });

  test('of a missing executable: stays CREATED, no exit, Wait is answered with 0', async () => {
    const { client, events } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const descriptors = pod.descriptors().length;
    const { stdout } = pod.fifos('missing');
    const out = pod.read(stdout);
    await client.exec({ id, execId: 'nope', args: ['no-such-program'], stdout });
    const waiting = client.wait(id, 'nope');
    await assert.rejects(client.start(id, 'nope'), {
      code: 2,
      message: /^OCI runtime exec failed: .*exec: "no-such-program": executable file not found in/,
    });
    assert.equal((await waiting).exitStatus, 0);
    const { status, pid } = await client.state(id, 'nope');
    assert.deepEqual([status, pid], [1, 0]);
    await out.finished;
    await waitUntil('no descriptor is left', () => pod.descriptors().length === descriptors);
    // It may be tried again.
    pod.read(stdout);
    await assert.rejects(client.start(id, 'nope'), { code: 2 });
    await client.delete(id, 'nope');
    await pod.remove(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'start', 'exec-added nope', 'exit', 'delete']);
  });

  test("of a container whose init died in between is refused, and does not hold the init's exit", async () => {
    const { client } = pod;
    const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'late', args: ['true'] });
    process.kill(pid, 'SIGKILL');
    await client.wait(id);
    await assert.rejects(client.start(id, 'late'), {
      code: 9,
      message: `container ${id} init process is not running: failed precondition`,
    });
    assert.equal((await client.state(id, 'late')).status, 1);
    await pod.events.exitOf(id);
    await client.delete(id, 'late');
    await client.delete(id);
  });

  test('in a container that is only created', async () => {
    const { client } = pod;
    const { id } = await pod.create({ args: ['sleep', '1000'] });
    assert.equal(await pod.outputOfExec(id, ['echo', 'early']), 'early\n');
    await client.delete(id);
  });

  test('whose spec is no JSON object', async () => {
    const { client } = pod;
    const { id } = await pod.create({ args: ['true'] });
    const spec = { typeUrl: '', value: new TextEncoder().encode('{broken') };
    await assert.rejects(client.execRaw({ id, execId: 'e', spec }));
    await assert.rejects(client.state(id, 'e'), { code: 5 });
    await client.delete(id);
  });
});

test('a hundred execs at once run, end and are deleted', async () => {
  const { client, events } = pod;
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  await Promise.all(
    numbers.map(async (number) => {
      const execId = `e${number}`;
      await client.exec({ id, execId, args: ['sh', '-c', `exit ${number}`] });
      const { pid } = await client.start(id, execId);
      assert.ok(pid > 0);
      assert.equal((await client.wait(id, execId)).exitStatus, number);
      assert.equal((await client.delete(id, execId)).pid, pid);
    }),
  );
  await pod.remove(id);
  await events.deleteOf(id);
  const story = events.story(id);
  assert.equal(story.length, 4 + 300);
  for (const number of numbers) {
    const added = story.indexOf(`exec-added e${number}`);
    const started = story.indexOf(`exec-started e${number}`);
    const exited = story.indexOf(`exit e${number}`);
    assert.ok(added >= 0 && added < started && started < exited, `order of e${number}`);
  }
  assert.deepEqual(story.slice(-2), ['exit', 'delete']);
});
