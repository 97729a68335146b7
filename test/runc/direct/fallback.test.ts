import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cgroupsBelow } from '../../support/cgroups.ts';
import { runWell } from '../../support/commands.ts';
import { takeDump } from '../../support/dumps.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { commandsOf, untilRuntimeIsKnown } from './lifeCycle.ts';

const sleeper = { args: ['sleep', '1000'] };

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
  await untilRuntimeIsKnown(pod);
});
after(() => pod?.close());

/** What the dump says of the direct path of a container. */
async function verdict(id: string): Promise<string> {
  const lines = (await takeDump(pod.pid)).split('\n');
  const at = lines.findIndex((line) => line.startsWith(`${id} `));
  return /direct path: (.*)/.exec(lines[at + 1] ?? '')?.[1] ?? '';
}

describe('the runtime does it itself', () => {
  test('for a plain container: not', async () => {
    const { id } = await pod.run(sleeper);
    assert.equal(await verdict(id), 'runc');
    await pod.remove(id);
    assert.deepEqual(await commandsOf(pod, id), ['create']);
  });

  test('where there are hooks, which it runs', async () => {
    const seen = join(pod.sandbox.directory, 'hooks-seen');
    const hook = (name: string): unknown => {
      return [{ path: '/bin/sh', args: ['sh', '-c', `echo ${name} >> ${seen}`] }];
    };
    const hooks = { poststart: hook('poststart'), poststop: hook('poststop') };
    const { id } = await pod.run({ ...sleeper, hooks });
    assert.equal(await verdict(id), 'no: hooks');
    await pod.remove(id);
    assert.equal(await runWell('cat', [seen]), 'poststart\npoststop\n');
  });

  test('where the binary is a script', async () => {
    const path = join(pod.sandbox.directory, 'script');
    writeFileSync(path, '#!/bin/sh\nexec runc "$@"\n');
    chmodSync(path, 0o755);
    const options = pod.options({ binaryName: path });
    const { id } = await pod.run({ ...sleeper, request: { options } });
    assert.equal(await verdict(id), 'no: not a runtime known by its version');
    await pod.remove(id);
  });

  test('in a delete, where a cgroup has others below it', async () => {
    const { id } = await pod.run(sleeper);
    await pod.client.kill(id, 9);
    await pod.client.wait(id);
    for (const path of cgroupsBelow(pod.cgroup)) mkdirSync(join(path, 'below'));
    await pod.client.delete(id);
    assert.deepEqual(await commandsOf(pod, id), ['create', 'delete']);
    assert.deepEqual(cgroupsBelow(pod.cgroup), []);
    assert.deepEqual(pod.runcStates(), []);
  });

  test('in a kill, where somebody else has frozen the container', async () => {
    const { id } = await pod.run(sleeper);
    const root = join(pod.runcRoot, pod.sandbox.namespace);
    await runWell('runc', ['--root', root, 'pause', id]);
    await pod.client.kill(id, 9);
    assert.equal((await pod.client.wait(id)).exitStatus, 137);
    await pod.client.delete(id);
    assert.deepEqual(await commandsOf(pod, id), ['create', 'kill']);
  });

  test('in a start, where the init is dead, and says so', async () => {
    const { id, pid } = await pod.create(sleeper);
    process.kill(pid, 'SIGKILL');
    await pod.client.wait(id);
    await assert.rejects(pod.client.start(id), /cannot start a stopped process/);
    await pod.client.delete(id);
    assert.deepEqual(await commandsOf(pod, id), ['create']);
  });
});

describe('the direct path', () => {
  test('starts what dies at once, many at a time, and every exit is reported', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, () =>
        pod.create({ args: ['sh', '-c', 'exit 5'] }).then(({ id }) => id),
      ),
    );
    await Promise.all(ids.map((id) => pod.client.start(id)));
    for (const id of ids) {
      assert.equal((await pod.client.wait(id)).exitStatus, 5);
      await pod.client.delete(id);
      assert.deepEqual(await commandsOf(pod, id), ['create']);
    }
    assert.deepEqual(pod.runcStates(), []);
    assert.deepEqual(cgroupsBelow(pod.cgroup), []);
  });
});
