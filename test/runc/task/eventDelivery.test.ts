import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';
import { readProcess, waitForEnd } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
afterEach(() => pod?.close());

const wholeLife = ['create', 'start', 'exec-added e', 'exec-started e', 'exit e', 'exit', 'delete'];

/** A container with one exec, from its creation to its deletion. */
async function live(id: string): Promise<void> {
  const { client } = pod;
  await pod.run({ args: ['sleep', '1000'] }, id);
  await client.exec({ id, execId: 'e', args: ['true'] });
  await client.start(id, 'e');
  await client.wait(id, 'e');
  await client.delete(id, 'e');
  await pod.remove(id);
}

function globalOrder(): string[] {
  return pod.events.seen.map(({ topic, containerId, execId }) =>
    `${containerId} ${topic.replace('/tasks/', '')} ${execId}`.trim(),
  );
}

function expectedOrder(ids: readonly string[]): string[] {
  return ids.flatMap((id) => wholeLife.map((line) => `${id} ${line}`));
}

describe('events reach the daemon in order', () => {
  test('when it is there for the first time after everything happened', async () => {
    pod = await ShimPod.start({ sinkListens: false });
    const ids = ['one', 'two', 'three'];
    for (const id of ids) await live(id);
    assert.deepEqual(pod.events.seen, []);
    pod.events.start();
    // A daemon that is back dials.
    (await pod.connect()).close();
    await pod.events.deleteOf('three');
    assert.deepEqual(globalOrder(), expectedOrder(ids));
  });

  test('when it is away for a while and back', async () => {
    pod = await ShimPod.start();
    await live('one');
    await pod.events.deleteOf('one');
    await pod.events.stop();
    await live('two');
    pod.events.start();
    await live('three');
    await pod.events.deleteOf('three');
    assert.deepEqual(globalOrder(), expectedOrder(['one', 'two', 'three']));
  });

  test('when it breaks each third connection in the middle of a call', async () => {
    pod = await ShimPod.start();
    let calls = 0;
    pod.events.receive = () => {
      calls += 1;
      return calls % 3 === 0 ? 'break' : 'take';
    };
    await live('one');
    await live('two');
    await pod.events.deleteOf('two');
    assert.deepEqual(globalOrder(), expectedOrder(['one', 'two']));
    assert.ok(calls > wholeLife.length * 2);
  });

  test('when it takes an event and breaks before it answers: that one comes twice', async () => {
    pod = await ShimPod.start();
    let broken = false;
    pod.events.receive = ({ topic }) => {
      if (topic !== '/tasks/exit' || broken) return 'take';
      broken = true;
      return 'takeAndBreak';
    };
    await live('one');
    await pod.events.deleteOf('one');
    const [create, start, added, started, exit, ...rest] = wholeLife;
    assert.deepEqual(pod.events.story('one'), [create, start, added, started, exit, exit, ...rest]);
  });

  test('while a daemon that does not answer delays no call', async () => {
    pod = await ShimPod.start();
    pod.events.receive = () => 'stall';
    await live('one');
    assert.deepEqual(pod.events.seen, []);
    pod.events.receive = () => 'take';
    await pod.events.stop();
    pod.events.start();
    await pod.events.deleteOf('one');
    assert.deepEqual(pod.events.story('one'), wholeLife);
  });
});

describe('at Shutdown', () => {
  test('the socket goes first, and the process waits until TaskDelete is delivered', async () => {
    pod = await ShimPod.start();
    await pod.run({ args: ['true'] }, 'one');
    await pod.client.wait('one');
    await pod.events.stop();
    await pod.client.delete('one');
    await pod.client.shutdown('one');
    await waitUntil('the socket is gone', () => !existsSync(pod.socket));
    assert.notEqual(readProcess(pod.pid), undefined);
    pod.events.start();
    await pod.events.deleteOf('one');
    await waitForEnd(pod.pid);
    assert.deepEqual(pod.events.story('one'), ['create', 'start', 'exit', 'delete']);
  });

  test('a daemon that is gone for good does not keep the process for ever', async () => {
    pod = await ShimPod.start();
    await pod.events.stop();
    await pod.run({ args: ['true'] }, 'one');
    await pod.client.wait('one');
    await pod.client.delete('one');
    await pod.client.shutdown('one');
    await waitForEnd(pod.pid);
    assert.ok(!existsSync(pod.socket));
  });
});
