import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { takeDump } from '../../support/dumps.ts';
import { isRunning, killQuietly, waitForEnd } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';

let dumps: string;
let pod: ShimPod;

before(() => {
  dumps = mkdtempSync(join(tmpdir(), 'podshim-dumps-'));
});
after(() => rmSync(dumps, { recursive: true, force: true }));

beforeEach(async () => {
  pod = await ShimPod.start({ environment: { PODSHIM_DUMP_DIR: dumps } });
});
afterEach(() => pod?.close());

const dump = (): Promise<string> => takeDump(pod.pid, dumps);

describe('SIGUSR1', () => {
  test('writes to a file what the server is doing', async () => {
    const { client } = pod;
    const { id, pid, bundle } = await pod.run({ args: ['sleep', '1000'] });
    await client.exec({ id, execId: 'helper', args: ['sleep', '1000'] });
    const exec = await client.start(id, 'helper');
    const waiting = client.wait(id);
    // Answered behind the Wait, which is in flight then.
    await client.state(id);
    const text = await dump();
    const parts = [
      `namespace ${pod.sandbox.namespace}, id pod, pid ${pod.pid}`,
      `${id} running pid ${pid}`,
      `bundle ${bundle}`,
      `exec helper running pid ${exec.pid}`,
      'containerd.task.v2.Task/Wait for ',
      '--- events ---',
      '--- descriptors ---',
      '--- memory ---',
    ];
    for (const part of parts) assert.ok(text.includes(part), `no "${part}" in the dump:\n${text}`);
    assert.ok(!/^failed: /m.test(text), text);
    await pod.remove(id);
    assert.equal((await waiting).exitStatus, 137);
  });

  test('writes to the log as well, for whoever reads it', async () => {
    const log = pod.read(join(pod.firstBundle, 'log'));
    await log.waitForOutput(/level=info msg=serving .*namespace=podshim-test/);
    await dump();
    const text = await log.waitForOutput(/=== END podshim dump ===/);
    assert.match(text, /=== BEGIN podshim dump ===[\s\S]*--- containers ---/);
  });

  test('any number of times with nobody reading the log: the server goes on', async () => {
    for (let count = 0; count < 30; count += 1) await dump();
    assert.equal(await pod.outputOf({ args: ['echo', 'alive'] }), 'alive\n');
  });
});

describe('SIGTERM', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends the server and takes its socket away; containers live on`, async () => {
      const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
      const closed = new Promise<void>((resolve) => pod.client.client.onClosed(resolve));
      process.kill(pod.pid, signal);
      await closed;
      await waitForEnd(pod.pid);
      assert.ok(!existsSync(pod.socket));
      assert.ok(isRunning(pid));
      assert.deepEqual(pod.runcStates(), [id]);
      killQuietly(pid);
      await waitForEnd(pid);
      assert.deepEqual(pod.events.story(id), ['create', 'start']);
    });
  }
});

describe('SIGPIPE', () => {
  test('and SIGCHLD of nobody change nothing', async () => {
    process.kill(pod.pid, 'SIGPIPE');
    process.kill(pod.pid, 'SIGCHLD');
    assert.equal(await pod.outputOf({ args: ['echo', 'alive'] }), 'alive\n');
  });
});
