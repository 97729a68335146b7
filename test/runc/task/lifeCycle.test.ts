import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TaskCreate, TaskDelete, TaskExit, TaskStart } from '../../../src/proto/messages.ts';
import { dateOf } from '../../../src/proto/timestamp.ts';
import { mountsBelow } from '../../support/mounts.ts';
import { waitForEnd } from '../../support/processes.ts';
import { busyboxRootfs } from '../../support/rootfs.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

describe('the life of a container', () => {
  test('has its events in order, with exact fields', async () => {
    const { client, events } = pod;
    const id = 'whole-life';
    const { stdout, stderr } = pod.fifos(id);
    const readers = [pod.read(stdout), pod.read(stderr)];
    const begun = Date.now();
    const { bundle, pid } = await pod.create(
      { args: ['sh', '-c', 'echo out; echo err >&2; exit 7'], request: { stdout, stderr } },
      id,
    );
    const waiting = client.wait(id);
    assert.equal((await client.start(id)).pid, pid);
    const waited = await waiting;
    assert.equal(waited.exitStatus, 7);
    const [out, err] = await Promise.all(readers.map((reader) => reader.finished));
    assert.equal(out?.stdout, 'out\n');
    assert.equal(err?.stdout, 'err\n');
    const deleted = await client.delete(id);
    assert.deepEqual(deleted, { pid, exitStatus: 7, exitedAt: waited.exitedAt });
    await events.deleteOf(id);

    assert.deepEqual(events.story(id), ['create', 'start', 'exit', 'delete']);
    const own = events.seen.filter((event) => event.containerId === id);
    const [create, start, exit, remove] = own.map(({ value }) => value);
    assert.ok(create && start && exit && remove);
    assert.deepEqual(TaskCreate.decode(create), {
      containerId: id,
      bundle,
      rootfs: [],
      io: { stdin: '', stdout, stderr, terminal: false },
      checkpoint: '',
      pid,
    });
    assert.deepEqual(TaskStart.decode(start), { containerId: id, pid });
    const end = { containerId: id, pid, exitStatus: 7, exitedAt: waited.exitedAt };
    assert.deepEqual(TaskExit.decode(exit), { ...end, id });
    assert.deepEqual(TaskDelete.decode(remove), { ...end, id: '' });

    for (const event of own) {
      assert.equal(event.namespace, pod.sandbox.namespace);
      assert.match(event.typeUrl, /^containerd\.events\.Task[A-Z][a-z]+$/);
      assert.ok(event.stampedAt >= begun - 1 && event.stampedAt <= Date.now());
    }
    assert.ok(waited.exitedAt);
    const exitedAt = dateOf(waited.exitedAt).getTime();
    assert.ok(exitedAt >= begun - 1 && exitedAt <= Date.now());
  });

  test('with a rootfs that the shim mounts: told in TaskCreate, unmounted by Delete', async () => {
    const { client, events } = pod;
    const id = pod.newId();
    const source = busyboxRootfs();
    const rootfs = [{ type: 'bind', source, target: '', options: ['rbind', 'ro'] }];
    const { bundle } = await pod.create(
      { args: ['true'], root: 'rootfs', request: { rootfs } },
      id,
    );
    assert.deepEqual(mountsBelow(bundle), [join(bundle, 'rootfs')]);
    await client.start(id);
    assert.equal((await client.wait(id)).exitStatus, 0);
    await client.delete(id);
    assert.deepEqual(mountsBelow(bundle), []);
    await events.deleteOf(id);
    const created = events.seen.find((event) => event.containerId === id);
    assert.ok(created);
    assert.deepEqual(TaskCreate.decode(created.value).rootfs, rootfs);
  });

  test('ends the server once it is asked to and nothing is left', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    await client.shutdown('pod');
    assert.equal((await client.state(id)).status, 2);
    await pod.remove(id);
    const closed = new Promise<void>((resolve) => client.client.onClosed(resolve));
    await client.shutdown('pod').catch((error: unknown) => {
      assert.match(String(error), /ttrpc: closed/);
    });
    await closed;
    await waitForEnd(pod.pid);
    assert.deepEqual(pod.events.story(id), ['create', 'start', 'exit', 'delete']);
    assert.deepEqual(pod.runcStates(), []);
  });
});
