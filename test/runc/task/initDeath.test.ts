import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isRunning, listProcesses, waitForEnd } from '../../support/processes.ts';
import { type CreatedContainer, ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

const execs = 100;

/** Starts many execs and kills the init from outside in the middle of it. */
async function killAmongExecs(container: CreatedContainer): Promise<{ started: Set<string> }> {
  const { client } = pod;
  const { id, pid } = container;
  const started = new Set<string>();
  let killed = false;
  await Promise.all(
    Array.from({ length: execs }, async (_, index) => {
      const execId = `e${index}`;
      await client.exec({ id, execId, args: ['sleep', '1000'] }).catch(() => {});
      try {
        await client.start(id, execId);
        started.add(execId);
      } catch {
        // The init was faster: this one never ran, or its start failed half way.
      }
      if (started.size >= execs / 2 && !killed) {
        killed = true;
        process.kill(pid, 'SIGKILL');
      }
    }),
  );
  return { started };
}

function assertOrder(id: string, started: ReadonlySet<string>): void {
  const story = pod.events.story(id);
  const init = story.indexOf('exit');
  for (const execId of started) {
    const exits = story.filter((line) => line === `exit ${execId}`);
    assert.equal(exits.length, 1, `one exit of ${execId}`);
    assert.ok(story.indexOf(`exec-started ${execId}`) < story.indexOf(`exit ${execId}`));
    assert.ok(story.indexOf(`exit ${execId}`) < init, `exit of ${execId} before the init's`);
  }
  assert.equal(story.filter((line) => line.startsWith('exec-started')).length, started.size);
  assert.deepEqual(story.slice(-2), ['exit', 'delete']);
}

describe('when the init is killed among a hundred execs', () => {
  for (const { name, hostPid } of [
    { name: 'with a pid namespace of its own', hostPid: false },
    { name: "in the host's pid namespace", hostPid: true },
  ]) {
    test(`${name}: their exits precede its own, and no process is left`, async () => {
      const { client } = pod;
      const container = await pod.run({ args: ['sleep', '1000'], hostPid });
      const { id } = container;
      const { started } = await killAmongExecs(container);
      assert.ok(started.size >= execs / 2);
      await pod.events.exitOf(id);
      for (const execId of started) {
        const { status, pid, exitStatus } = await client.state(id, execId);
        assert.deepEqual([status, exitStatus], [3, 137]);
        assert.ok(!isRunning(pid), `${execId} is dead`);
      }
      assert.equal((await client.wait(id)).exitStatus, 137);
      await client.delete(id);
      await pod.events.deleteOf(id);
      assertOrder(id, started);
    });
  }

  test("in the host's pid namespace children that nobody knows are killed as well", async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const script = '(setsid sleep 1000 & echo $!; setsid sleep 1000 & echo $!); exec sleep 1000';
    const input = { args: ['sh', '-c', script], hostPid: true, request: { stdout } };
    const { pid } = await pod.run(input, id);
    const text = await out.waitForOutput(/\d+\n\d+\n/);
    const children = text.trim().split('\n').map(Number);
    for (const child of children) assert.ok(isRunning(child));
    process.kill(pid, 'SIGKILL');
    assert.equal((await client.wait(id)).exitStatus, 137);
    for (const child of children) await waitForEnd(child);
    await client.delete(id);
    await out.finished;
    // They were nobody's children any more: the shim reaps them.
    await waitUntil('no child is left', () =>
      listProcesses().every(({ parent }) => parent !== pod.pid),
    );
  });
});
