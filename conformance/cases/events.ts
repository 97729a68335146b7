import assert from 'node:assert/strict';
import { mountsBelow } from '../../test/support/mounts.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { many } from '../support/many.ts';
import { SOON, within } from '../support/within.ts';

const WHOLE_LIFE = [
  'create',
  'start',
  'exec-added e',
  'exec-started e',
  'exit e',
  'exit',
  'delete',
];

/** A container with one exec, from its creation to its deletion. */
async function live(pod: ShimPod, id: string): Promise<void> {
  const { client } = pod;
  await pod.run({ args: ['sleep', '1000'] }, id);
  await client.exec({ id, execId: 'e', args: ['true'] });
  await client.start(id, 'e');
  await client.wait(id, 'e');
  await client.delete(id, 'e');
  await pod.remove(id);
}

function inOrder({ events }: ShimPod): string[] {
  return events.seen.map(({ topic, containerId, execId }) =>
    `${containerId} ${topic.replace('/tasks/', '')} ${execId}`.trim(),
  );
}

function livesOf(ids: readonly string[]): string[] {
  return ids.flatMap((id) => WHOLE_LIFE.map((line) => `${id} ${line}`));
}

/** The daemon is away while many processes end. */
function awayCase(
  name: string,
  { seconds, execs, howLong }: { seconds: number; execs: number; howLong: string },
): ConformanceCase {
  return {
    name,
    sentence: `After ${howLong} without the daemon, ${execs} exits arrive: all, once, in order.`,
    threads: ['containerd#3177', 'containerd#4400', 'containerd#6771', 'rust-extensions#312'],
    seconds: seconds + 120,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await events.waitFor('start', ({ topic }) => topic === '/tasks/start');
      await events.stop();
      const expected: string[] = ['create', 'start'];
      const end = performance.now() + seconds * 1000;
      for (let index = 0; index < execs; index += 1) {
        const execId = `e${index}`;
        await within(SOON, 'Exec', client.exec({ id, execId, args: ['true'] }));
        await within(SOON, 'Start', client.start(id, execId));
        await within(SOON, 'Wait', client.wait(id, execId));
        expected.push(`exec-added ${execId}`, `exec-started ${execId}`, `exit ${execId}`);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - performance.now())));
      events.start();
      // A daemon that is back dials, and its shims have something to say from time to time.
      (await pod.connect(client.service)).close();
      await pod.remove(id);
      expected.push('exit', 'delete');
      await events.waitFor('delete', ({ topic }) => topic === '/tasks/delete', 90_000);
      const story = events.story(id);
      const missing = expected.filter((line) => !story.includes(line));
      assert.deepEqual(missing, [], `${missing.length} of ${expected.length} did not arrive`);
      const first = story.findIndex((line, index) => line !== expected[index]);
      assert.equal(first, -1, `out of order or twice: ${story.slice(first, first + 3).join(', ')}`);
    },
  };
}

export const eventCases: readonly ConformanceCase[] = [
  {
    name: 'events-of-a-life-in-order',
    sentence: 'The events of a container and its exec come in their order, each once.',
    threads: ['contract 5.12', 'contract 9.1'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      await live(pod, 'one');
      await pod.events.deleteOf('one');
      assert.deepEqual(pod.events.story('one'), WHOLE_LIFE);
    },
  },
  {
    name: 'event-envelope',
    sentence:
      'Each event has its namespace, topic, type without a prefix, a real time and the container’s id.',
    threads: ['gvisor#9723', 'containerd#12838', 'contract 9.2'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const earliest = Date.now() - 1000;
      await live(pod, 'one');
      await pod.events.deleteOf('one');
      for (const event of pod.events.seen) {
        assert.equal(event.namespace, pod.sandbox.namespace);
        assert.match(event.topic, /^\/tasks\/[a-z-]+$/);
        assert.match(event.typeUrl, /^containerd\.events\.Task[A-Za-z]+$/);
        assert.ok(event.stampedAt >= earliest && event.stampedAt <= Date.now() + 1000, 'time');
        assert.equal(event.containerId, 'one');
      }
      const exit = await pod.events.exitOf('one');
      assert.equal(exit.id, 'one');
      assert.ok(Number(exit.exitedAt?.seconds) * 1000 >= earliest - 1000, 'exited_at');
    },
  },
  {
    name: 'daemon-comes-late',
    sentence: 'A daemon whose event socket appears only afterwards is told everything.',
    threads: ['containerd#3207', 'contract 3.2'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ sinkListens: false });
      await within(SOON * 2, 'a whole life', live(pod, 'one'));
      pod.events.start();
      (await pod.connect(pod.client.service)).close();
      await pod.events.deleteOf('one');
      assert.deepEqual(inOrder(pod), livesOf(['one']));
    },
  },
  {
    ...awayCase('daemon-away-for-a-moment', { seconds: 1, execs: 10, howLong: 'a moment' }),
    fast: true,
  },
  awayCase('daemon-away-for-a-minute', { seconds: 60, execs: 200, howLong: 'a minute' }),
  {
    ...awayCase('daemon-away-for-ten-minutes', {
      seconds: 600,
      execs: 1000,
      howLong: 'ten minutes',
    }),
    full: true,
  },
  {
    name: 'daemon-breaks-connections',
    sentence: 'Connections that break in the middle of a call cost no event and no order.',
    threads: ['containerd#6771', 'contract trap 36'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      let calls = 0;
      pod.events.receive = () => {
        calls += 1;
        return calls % 3 === 0 ? 'break' : 'take';
      };
      await live(pod, 'one');
      await live(pod, 'two');
      await pod.events.deleteOf('two');
      assert.deepEqual(inOrder(pod), livesOf(['one', 'two']));
    },
  },
  {
    name: 'daemon-does-not-answer',
    sentence:
      'A daemon that takes events and does not answer delays no call, however many there are.',
    threads: ['containerd#13849', 'contract 9.2'],
    fast: true,
    seconds: 90,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      pod.events.receive = () => 'stall';
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      for (let index = 0; index < 150; index += 1) {
        const execId = `e${index}`;
        await within(SOON, 'Exec', client.exec({ id, execId, args: ['true'] }));
        await within(SOON, 'Delete of the exec', client.delete(id, execId));
      }
      await within(SOON, 'Kill', client.kill(id, 9));
      await within(SOON, 'Wait', client.wait(id));
      await within(SOON, 'Delete', client.delete(id));
    },
  },
  {
    name: 'oom-before-exit',
    sentence:
      'A container that ran out of memory has its TaskOOM, with its id, before its TaskExit, each time.',
    threads: [
      'containerd#8893',
      'kubernetes#119600',
      'containerd#6323',
      'containerd#12380',
      'containerd#12714',
    ],
    fast: true,
    seconds: 60,
    fullSeconds: 1800,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const resources = { memory: { limit: 16 * 1024 * 1024, swap: 16 * 1024 * 1024 } };
      const rounds = context.amount({ fast: 5, middle: 50, full: 1000 });
      const atOnce = context.amount({ middle: 2, full: 10 });
      await many(rounds, atOnce, async () => {
        const { id } = await pod.run({ args: ['tail', '/dev/zero'], resources });
        assert.equal((await client.wait(id)).exitStatus, 137);
        await client.delete(id);
        await events.deleteOf(id);
        assert.deepEqual(events.story(id), ['create', 'start', 'oom', 'exit', 'delete']);
        events.forget(id);
      });
    },
  },
  {
    name: 'oom-of-a-child',
    sentence: 'The same when a child of the init is the victim, and the init goes on.',
    threads: ['containerd#8893', 'contract 10'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const resources = { memory: { limit: 16 * 1024 * 1024, swap: 16 * 1024 * 1024 } };
      const { id } = await pod.run({ args: ['sh', '-c', 'tail /dev/zero; exit 4'], resources });
      assert.equal((await pod.client.wait(id)).exitStatus, 4);
      await pod.client.delete(id);
      await pod.events.deleteOf(id);
      assert.deepEqual(pod.events.story(id), ['create', 'start', 'oom', 'exit', 'delete']);
    },
  },
  {
    name: 'failed-create-tells-nothing',
    sentence:
      'A Create that fails publishes no event, and leaves no container, mount or descriptor.',
    threads: ['containerd#6429', 'kata#5087', 'contract trap 30'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      await live(pod, 'warm');
      await pod.events.deleteOf('warm');
      const before = pod.descriptors().length;
      const { client } = pod;
      for (let round = 0; round < 3; round += 1) {
        const id = `failing${round}`;
        const { stdin, stdout, stderr } = pod.fifos(id);
        const paths = { stdin, stdout, stderr };
        const readers = [pod.read(stdout), pod.read(stderr)];
        const bundle = pod.bundle(id, { args: ['no-such-program'], root: 'rootfs' });
        const rootfs = [{ type: 'tmpfs', source: 'tmpfs', target: '', options: [] }];
        const request = { id, bundle, options: pod.options(), rootfs, ...paths };
        await assert.rejects(client.create(request), /OCI runtime create failed/);
        await assert.rejects(client.state(id), { code: 5 });
        // A shim may have opened them or not.
        for (const reader of readers) reader.kill('SIGKILL');
      }
      await live(pod, 'after');
      await pod.events.deleteOf('after');
      assert.deepEqual(inOrder(pod), livesOf(['warm', 'after']));
      assert.deepEqual(pod.runcStates(), []);
      assert.deepEqual(mountsBelow(pod.sandbox.directory), []);
      const isClosed = () => pod.descriptors().length === before;
      await waitUntil('no descriptor is left', isClosed, SOON);
    },
  },
];
