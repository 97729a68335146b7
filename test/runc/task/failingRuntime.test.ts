import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isRunning, listProcesses, waitForEnd } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
  await pod.outputOf({ args: ['true'] });
});
after(() => pod?.close());

/** Fails while a file named after the command is there: does what it says instead of the command. */
interface FailingRuntime {
  readonly options: { typeUrl: string; value: Uint8Array };
  fail(command: string, script: string): void;
  recover(command: string): void;
}

function failingRuntime(): FailingRuntime {
  const path = join(pod.sandbox.directory, pod.newId('runtime'));
  const hook = (command: string): string => `${path}-${command}`;
  const find = `for word; do [ -e "${path}-$word" ] && . "${path}-$word"; done`;
  writeFileSync(path, `#!/bin/sh\n${find}\nexec runc "$@"\n`, { mode: 0o755 });
  return {
    options: pod.options({ binaryName: path }),
    fail: (command, text) => writeFileSync(hook(command), text),
    recover: (command) => rmSync(hook(command)),
  };
}

describe('when the runtime fails', () => {
  test('to start: the container stays created and can be started again', async () => {
    const { client } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.create({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    runtime.fail('start', 'echo no luck >&2; exit 3');
    await assert.rejects(client.start(id), {
      code: 2,
      message:
        /^OCI runtime start failed: .* did not terminate successfully: exit status 3: no luck$/,
    });
    assert.equal((await client.state(id)).status, 1);
    runtime.recover('start');
    assert.equal((await client.start(id)).pid, pid);
    await pod.remove(id);
    await pod.events.deleteOf(id);
    assert.deepEqual(pod.events.story(id), ['create', 'start', 'exit', 'delete']);
  });

  test('to start because the init died: its exit is published all the same', async () => {
    const { client, events } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.create({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    runtime.fail('start', `kill -9 ${pid}; exit 1`);
    await assert.rejects(client.start(id), { code: 2, message: /^OCI runtime start failed: / });
    assert.equal((await client.wait(id)).exitStatus, 137);
    assert.equal((await client.state(id)).status, 3);
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
  });

  test('to delete: the container stays, and a second try removes it', async () => {
    const { client, events } = pod;
    const runtime = failingRuntime();
    const { id } = await pod.run({ args: ['true'], request: { options: runtime.options } });
    await client.wait(id);
    runtime.fail('delete', 'echo busy >&2; exit 1');
    await assert.rejects(client.delete(id), {
      code: 2,
      message: /^failed to delete task: .*: busy$/,
    });
    assert.equal((await client.state(id)).status, 3);
    runtime.recover('delete');
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'start', 'exit', 'delete']);
  });

  test('to kill, pause, resume, update or list: its words reach the client', async () => {
    const { client } = pod;
    const runtime = failingRuntime();
    const { id } = await pod.run({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    const ended = 'did not terminate successfully: exit status 1: no luck';
    const attempts = [
      { command: 'kill', call: () => client.kill(id, 9), prefix: 'unknown error after kill: ' },
      { command: 'pause', call: () => client.pause(id), prefix: 'OCI runtime pause failed: ' },
      { command: 'update', call: () => client.update(id, {}), prefix: '' },
      { command: 'ps', call: () => client.pids(id), prefix: '' },
    ];
    for (const { command, call, prefix } of attempts) {
      runtime.fail(command, 'echo no luck >&2; exit 1');
      await assert.rejects(call, (error: Error & { code?: number }) => {
        assert.ok(error.message.startsWith(prefix), error.message);
        assert.ok(error.message.endsWith(ended), error.message);
        assert.equal(error.code, 2);
        return true;
      });
      assert.equal((await client.state(id)).status, 2);
      runtime.recover(command);
    }
    await client.pause(id);
    runtime.fail('resume', 'echo no luck >&2; exit 1');
    await assert.rejects(client.resume(id), { message: /^OCI runtime resume failed: .*no luck$/ });
    assert.equal((await client.state(id)).status, 4);
    runtime.recover('resume');
    await client.resume(id);
    await pod.remove(id);
  });

  test('kill says that the process is gone, in the words of runc and of crun', async () => {
    const { client } = pod;
    const runtime = failingRuntime();
    const { id } = await pod.run({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    const finished = 'process already finished: not found';
    const cases = [
      ['container not running', finished],
      ['os: process already finished', finished],
      ['kill container: No such process', finished],
      ['container does not exist', 'no such container: not found'],
    ] as const;
    for (const [text, message] of cases) {
      runtime.fail('kill', `echo "${text}" >&2; exit 1`);
      await assert.rejects(client.kill(id, 9), { code: 5, message });
      runtime.recover('kill');
    }
    await pod.remove(id);
  });
});

/** The runtime as which a `sleep` hangs: it works in the bundle, as containers do not. */
function hangingChild() {
  return listProcesses().find(
    ({ parent, argv, pid }) =>
      parent === pod.pid && argv[0] === 'sleep' && pod.sandbox.servers().includes(pid),
  );
}

describe('when the runtime hangs', () => {
  test('in create, and the call ends: nothing is left, and nobody else waits', async () => {
    const { client } = pod;
    const before = pod.descriptors().length;
    const runtime = failingRuntime();
    runtime.fail('create', 'exec sleep 1000');
    const id = pod.newId();
    const bundle = pod.bundle(id, { args: ['true'] });
    const { options } = runtime;
    const creating = client.create({ id, bundle, options }, { timeoutNanos: 700e6 });
    const refused = assert.rejects(creating, { code: 4 });
    assert.equal(await pod.outputOf({ args: ['echo', 'meanwhile'] }), 'meanwhile\n');
    await refused;
    await waitUntil('the runtime is killed', () =>
      listProcesses().every(({ parent }) => parent !== pod.pid),
    );
    await waitUntil('no descriptor is left', () => pod.descriptors().length === before);
    runtime.recover('create');
    await pod.client.create({ id, bundle, options });
    await client.delete(id);
  });

  test('in a create, and a daemon that is back knows nothing of it: Shutdown ends both', async () => {
    const own = await ShimPod.start();
    try {
      const mark = join(own.sandbox.directory, 'begun');
      const path = join(own.sandbox.directory, 'runtime');
      writeFileSync(path, `#!/bin/sh\ntouch ${mark}\nexec sleep 1000\n`, { mode: 0o755 });
      const bundle = own.bundle('lost', { args: ['true'] });
      const options = own.options({ binaryName: path });
      const creating = own.client.create({ id: 'lost', bundle, options });
      creating.catch(() => {});
      await waitUntil('the runtime hangs', () => existsSync(mark));
      own.client.close();
      await assert.rejects(creating);
      await own.reconnect();
      await assert.rejects(own.client.state('lost'), { code: 5 });
      await own.client.shutdown('lost').catch(() => {});
      await waitForEnd(own.pid);
      assert.deepEqual(own.sandbox.servers(), []);
    } finally {
      await own.close();
    }
  });

  test('in an exec, and the init dies: the exit is published, and the exec fails', async () => {
    const { client, events } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.run({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    runtime.fail('exec', 'exec sleep 1000');
    await client.exec({ id, execId: 'stuck', args: ['true'] });
    const refused = assert.rejects(client.start(id, 'stuck'), {
      message: /^OCI runtime exec failed: .*exit status 137/,
    });
    await waitUntil('the runtime hangs', () => hangingChild() !== undefined);
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    await refused;
    assert.equal((await client.state(id, 'stuck')).status, 1);
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'start', 'exec-added stuck', 'exit', 'delete']);
  });

  test('in a start, and the init dies: the exit is published, and the start fails', async () => {
    const { client, events } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.create({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    runtime.fail('start', 'exec sleep 1000');
    const refused = assert.rejects(client.start(id), { message: /^OCI runtime start failed: / });
    await waitUntil('the runtime hangs', () => hangingChild() !== undefined);
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    await refused;
    await client.delete(id);
    await events.deleteOf(id);
    assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
  });

  for (const command of ['pause', 'resume', 'update'] as const) {
    test(`in ${command}, and the container ends: it can be deleted, and the call fails`, async () => {
      const { client } = pod;
      const runtime = failingRuntime();
      const { id } = await pod.run({
        args: ['sleep', '1000'],
        request: { options: runtime.options },
      });
      if (command === 'resume') await client.pause(id);
      runtime.fail(command, 'exec sleep 1000');
      const call = command === 'update' ? client.update(id, {}) : client[command](id);
      const refused = assert.rejects(call, { message: /exit status 137/ });
      await waitUntil('the runtime hangs', () => hangingChild() !== undefined);
      await client.kill(id, 9);
      assert.equal((await client.wait(id)).exitStatus, 137);
      assert.equal((await client.delete(id)).exitStatus, 137);
      await refused;
    });
  }

  test('in a kill, and the container ends: it can be deleted all the same', async () => {
    const { client } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.run({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    runtime.fail('kill', 'exec sleep 1000');
    const killing = client.kill(id, 9).catch(() => {});
    const stuck = await waitUntil('the runtime hangs', hangingChild);
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    await client.delete(id);
    assert.ok(isRunning(stuck.pid));
    process.kill(stuck.pid, 'SIGKILL');
    await killing;
  });

  test('in a kill: State, Pids and an exec are answered meanwhile', async () => {
    const { client } = pod;
    const runtime = failingRuntime();
    const { id, pid } = await pod.run({
      args: ['sleep', '1000'],
      request: { options: runtime.options },
    });
    const gate = join(pod.sandbox.directory, `${id}-gate`);
    runtime.fail('kill', `while [ ! -e ${gate} ]; do sleep 0.02; done`);
    let killed = false;
    const killing = client.kill(id, 9).then(() => {
      killed = true;
    });
    assert.equal((await client.state(id)).status, 2);
    assert.ok((await client.pids(id)).processes.some((process) => process.pid === pid));
    assert.equal(await pod.outputOfExec(id, ['echo', 'meanwhile']), 'meanwhile\n');
    assert.ok(!killed && isRunning(pid));
    writeFileSync(gate, '');
    await killing;
    assert.equal((await client.wait(id)).exitStatus, 137);
    await client.delete(id);
    assert.ok(existsSync(gate));
  });
});
