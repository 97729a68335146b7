import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Containerd } from '../support/containerd.ts';
import { isRunning, killQuietly, waitForEnd } from '../support/processes.ts';
import { waitUntil } from '../support/waiting.ts';

const GROUP = 'io.containerd.runc.v2.group';

describe('when something is killed', () => {
  let containerd: Containerd;

  before(async () => {
    containerd = await Containerd.start();
  });
  after(async () => {
    await containerd.stop();
  });

  const startPair = async (): Promise<[string, string]> => {
    const group = containerd.newId('group');
    const ids: [string, string] = [containerd.newId('pair'), containerd.newId('pair')];
    for (const id of ids) {
      await containerd.runDetached(id, ['/bin/sleep', '1000'], '--annotation', `${GROUP}=${group}`);
    }
    return ids;
  };

  const pidOf = async (id: string) => (await containerd.task(id))?.pid ?? 0;

  test('kill -9 of the shim: after the clean-up of containerd nothing is left', async () => {
    const events = await containerd.events();
    const ids = await startPair();
    const pids = await Promise.all(ids.map(pidOf));
    const [shim = 0] = containerd.shims();
    killQuietly(shim);
    await waitForEnd(shim);
    for (const id of ids) {
      const exit = await events.waitFor('/tasks/exit', (fields) => fields.container_id === id);
      assert.equal(exit.fields.exit_status, 137);
    }
    await events.close();
    for (const pid of pids) await waitForEnd(pid);
    await waitUntil('no task is listed', async () =>
      (await Promise.all(ids.map((id) => containerd.task(id)))).every((task) => task === undefined),
    );
    for (const id of ids) await containerd.ctrWell('containers', 'rm', id);
    assert.deepEqual(await containerd.leftovers(), []);
  });

  test('kill -9 of containerd: containers run on, and their exits are seen afterwards', async () => {
    const [stays, ends] = await startPair();
    const pids = await Promise.all([stays, ends].map(pidOf));
    const shims = containerd.shims();
    await containerd.killDaemon();
    assert.deepEqual(pids.map(isRunning), [true, true]);
    // One container dies while nobody is there to be told.
    killQuietly(pids[1] ?? 0);
    await waitForEnd(pids[1] ?? 0);
    await containerd.launch();

    assert.deepEqual(containerd.shims(), shims);
    assert.deepEqual(await containerd.task(stays), { pid: pids[0], status: 'RUNNING' });
    await containerd.waitForStatus(ends, 'STOPPED');
    const removal = await containerd.ctr('tasks', 'rm', ends);
    assert.match(removal.stderr, /non-zero exit code 137/);
    await containerd.ctrWell('containers', 'rm', ends);

    const events = await containerd.events();
    const script = ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 'again', stays];
    assert.equal((await containerd.ctr(...script, '/bin/sh', '-c', 'exit 9')).status, 9);
    await events.waitFor(
      '/tasks/exit',
      (fields) => fields.id === 'again' && fields.exit_status === 9,
    );
    await containerd.ctrWell('tasks', 'kill', '-s', 'SIGKILL', stays);
    await events.waitFor(
      '/tasks/exit',
      (fields) => fields.id === stays && fields.exit_status === 137,
    );
    await events.close();
    await containerd.remove(stays);
    assert.deepEqual(await containerd.leftovers(), []);
  });
});
