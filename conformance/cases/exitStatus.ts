import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { many } from '../support/many.ts';

const CREATED = 1;
const STOPPED = 3;
const AT_ONCE = 4;

/** How a process ends, and what has to be said of it. */
const ENDINGS = [
  { args: ['true'], status: 0 },
  { args: ['false'], status: 1 },
  { args: ['sh', '-c', 'exit 42'], status: 42 },
  { args: ['sh', '-c', 'exit 255'], status: 255 },
  { args: ['crash'], status: 139 },
] as const;

export const exitStatusCases: readonly ConformanceCase[] = [
  {
    name: 'exit-status-exact',
    sentence: 'Wait, State, Delete and TaskExit all tell the true status of an init, each time.',
    threads: ['containerd#4769', 'contract 5.12'],
    fast: true,
    seconds: 120,
    fullSeconds: 3600,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const rounds = context.amount({ fast: 2, middle: 25, full: 1000 });
      await many(rounds, AT_ONCE, async () => {
        for (const { args, status } of ENDINGS) {
          const { id } = await pod.run({ args });
          assert.equal((await client.wait(id)).exitStatus, status, `Wait of ${args.join(' ')}`);
          assert.equal((await client.state(id)).exitStatus, status, 'State');
          assert.equal((await client.delete(id)).exitStatus, status, 'Delete');
          assert.equal((await events.exitOf(id)).exitStatus, status, 'TaskExit');
          await events.deleteOf(id);
          events.forget(id);
        }
      });
    },
  },
  {
    name: 'exec-exit-status-exact',
    sentence: 'The same of execs, of which many end at once.',
    threads: ['containerd#4769', 'containerd#13049'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const numbers = Array.from({ length: 25 }, (_, index) => index);
      await Promise.all(
        numbers.map(async (number) => {
          const execId = `e${number}`;
          await client.exec({ id, execId, args: ['sh', '-c', `exit ${number}`] });
          await client.start(id, execId);
          assert.equal((await client.wait(id, execId)).exitStatus, number, 'Wait');
          assert.equal((await client.delete(id, execId)).exitStatus, number, 'Delete');
          assert.equal((await events.exitOf(id, execId)).exitStatus, number, 'TaskExit');
        }),
      );
    },
  },
  {
    name: 'pid-of-a-short-life',
    sentence: 'The pid of a process that is dead already is still told by Start and State.',
    threads: ['contract 5.4', 'contract trap 24'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      for (let round = 0; round < 5; round += 1) {
        const { id, pid } = await pod.create({ args: ['true'] });
        assert.ok(pid > 0, 'Create');
        assert.equal((await pod.client.start(id)).pid, pid, 'Start');
        await pod.client.wait(id);
        assert.equal((await pod.client.state(id)).pid, pid, 'State');
        await pod.client.delete(id);
      }
    },
  },
  {
    name: 'exit-between-create-and-start',
    sentence:
      'An init that dies before Start is STOPPED, has a TaskExit without TaskStart, and is deleted.',
    threads: ['containerd#9103', 'contract trap 31'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id, pid } = await pod.create({ args: ['sleep', '1000'] });
      process.kill(pid, 'SIGKILL');
      assert.equal((await client.wait(id)).exitStatus, 137);
      assert.equal((await client.state(id)).status, STOPPED);
      await assert.rejects(client.start(id));
      assert.equal((await client.delete(id)).exitStatus, 137);
      await events.deleteOf(id);
      assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
    },
  },
  {
    name: 'every-waiter-is-answered',
    sentence:
      'Any number of Waits, made before Start, while it runs and after it, get the same answer.',
    threads: ['containerd#9999', 'contract 5.9'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.create({ args: ['sh', '-c', 'sleep 0.3; exit 3'] });
      const early = Array.from({ length: 50 }, () => client.wait(id));
      await client.start(id);
      const late = Array.from({ length: 50 }, () => client.wait(id));
      const answers = await Promise.all([...early, ...late]);
      const last = await client.wait(id);
      assert.equal(last.exitStatus, 3);
      for (const answer of answers) assert.deepEqual(answer, last);
    },
  },
  {
    name: 'delete-of-created-container',
    sentence: 'Create and then Delete, without Start, ends at once and leaves no process.',
    threads: ['gvisor#14427', 'gvisor#14428'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const id = pod.newId();
      const { stdin, stdout, stderr } = pod.fifos(id);
      const readers = [pod.read(stdout), pod.read(stderr)];
      const { pid } = await pod.create({ args: ['true'], request: { stdin, stdout, stderr } }, id);
      const deleted = await client.delete(id);
      assert.equal(deleted.pid, pid);
      for (const reader of readers) await reader.finished;
      await assert.rejects(client.state(id), { code: 5 });
      assert.throws(() => process.kill(pid, 0));
      assert.deepEqual(pod.runcStates(), []);
    },
  },
  {
    name: 'delete-of-created-tells-the-end',
    sentence: 'That Delete answers who waits, with 137, and TaskExit precedes TaskDelete.',
    threads: ['contract 5.5'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.create({ args: ['true'] });
      const waiting = client.wait(id);
      waiting.catch(() => {});
      assert.equal((await client.delete(id)).exitStatus, 137);
      assert.equal((await waiting).exitStatus, 137);
      await events.deleteOf(id);
      await events.exitOf(id);
      assert.deepEqual(events.story(id), ['create', 'exit', 'delete']);
    },
  },
  {
    name: 'failed-exec-start',
    sentence:
      'An exec whose Start fails stays CREATED, has no TaskExit, answers Wait, and holds nobody up.',
    threads: ['containerd#10589', 'contract trap 25', 'contract trap 30'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id, execId: 'nope', args: ['no-such-program'] });
      const waiting = client.wait(id, 'nope');
      await assert.rejects(client.start(id, 'nope'), /OCI runtime exec failed/);
      assert.equal((await waiting).exitStatus, 0);
      assert.equal((await client.state(id, 'nope')).status, CREATED);
      await client.kill(id, 9);
      await events.exitOf(id);
      assert.deepEqual(events.story(id), ['create', 'start', 'exec-added nope', 'exit']);
    },
  },
  {
    name: 'failed-exec-start-twice',
    sentence:
      'A second Start of an exec that could not be started is refused or tried, and survived.',
    threads: ['contract 5.4'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id, execId: 'nope', args: ['no-such-program'] });
      await assert.rejects(client.start(id, 'nope'));
      await assert.rejects(client.start(id, 'nope'), /OCI runtime exec failed|cannot start/);
      assert.equal((await client.connectTask(id)).shimPid, pod.pid);
      await client.delete(id, 'nope');
    },
  },
  {
    name: 'paused-container-is-killed',
    sentence: 'A paused container that gets SIGKILL ends, and can be deleted.',
    threads: ['contract trap 29'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await client.pause(id);
      assert.equal((await client.state(id)).status, 4);
      await client.kill(id, 9);
      assert.equal((await client.wait(id)).exitStatus, 137);
      await client.delete(id);
    },
  },
];
