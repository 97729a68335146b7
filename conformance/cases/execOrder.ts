import assert from 'node:assert/strict';
import { join } from 'node:path';
import { runWell } from '../../test/support/commands.ts';
import { isRunning } from '../../test/support/processes.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import type { ConformanceCase } from '../case.ts';
import { many } from '../support/many.ts';
import { SOON, timeOf, within } from '../support/within.ts';

const FAILED_PRECONDITION = 9;

interface Race {
  /** Resolves when the init has been killed. */
  readonly killed: Promise<void>;
  /** The execs that were started, when all have been tried. */
  readonly started: Promise<ReadonlySet<string>>;
}

/** Starts many execs at once, and kills the init when some of them have been started. */
function killAmongExecs(
  pod: ShimPod,
  { id, pid }: { id: string; pid: number },
  { execs, killAfter }: { execs: number; killAfter: number },
): Race {
  const { client } = pod;
  const started = new Set<string>();
  let tellKilled = (): void => {};
  const killed = new Promise<void>((resolve) => {
    tellKilled = resolve;
  });
  const tried = Array.from({ length: execs }, async (_, index) => {
    const execId = `e${index}`;
    try {
      await client.exec({ id, execId, args: ['sleep', '1000'] });
      await client.start(id, execId);
    } catch {
      // The init was faster.
      return;
    }
    started.add(execId);
    if (started.size !== killAfter) return;
    process.kill(pid, 'SIGKILL');
    tellKilled();
  });
  return { killed, started: Promise.all(tried).then(() => started) };
}

function assertExitsInOrder(pod: ShimPod, id: string): void {
  const story = pod.events.story(id);
  const started = story.filter((line) => line.startsWith('exec-started '));
  for (const line of started) {
    const exit = line.replace('exec-started', 'exit');
    assert.equal(story.filter((other) => other === exit).length, 1, `one ${exit}`);
    assert.ok(story.indexOf(line) < story.indexOf(exit), `${line} before ${exit}`);
    assert.ok(story.indexOf(exit) < story.indexOf('exit'), `${exit} before the exit of the init`);
  }
  assert.equal(story.filter((line) => line === 'exit').length, 1, 'one exit of the init');
}

function raceCase(name: string, hostPid: boolean, threads: readonly string[]): ConformanceCase {
  return {
    name,
    sentence: `While execs keep coming the init's exit is told promptly, and no process is left${hostPid ? ", in the host's pid namespace" : ''}.`,
    threads,
    seconds: 120,
    async run(context) {
      const pod = await context.pod();
      const container = await pod.run({ args: ['sleep', '1000'], hostPid });
      const { id } = container;
      const execs = context.amount({ middle: 200, full: 500 });
      const race = killAmongExecs(pod, container, { execs, killAfter: 15 });
      await race.killed;
      // A second on an idle machine; the starts that are under way are waited for.
      await within(2 * SOON, 'TaskExit of the init', pod.events.exitOf(id));
      const started = await race.started;
      assert.equal((await pod.client.wait(id)).exitStatus, 137);
      for (const execId of started) {
        const { pid } = await pod.client.state(id, execId);
        assert.ok(!isRunning(pid), `process of ${execId} still runs`);
      }
      await pod.client.delete(id);
      await pod.events.deleteOf(id);
      assertExitsInOrder(pod, id);
    },
  };
}

export const execOrderCases: readonly ConformanceCase[] = [
  {
    name: 'exec-exits-precede-init-exit',
    sentence:
      'When the init is killed, each running exec has its TaskExit before the init has its own.',
    threads: ['containerd#9719', 'containerd#9828'],
    fast: true,
    seconds: 60,
    fullSeconds: 300,
    async run(context) {
      const pod = await context.pod();
      const execs = context.amount({ fast: 40, middle: 100, full: 100 });
      const rounds = context.amount({ fast: 1, middle: 2, full: 10 });
      for (let round = 0; round < rounds; round += 1) {
        const container = await pod.run({ args: ['sleep', '1000'] });
        const { started } = killAmongExecs(pod, container, { execs, killAfter: execs });
        assert.equal((await started).size, execs);
        await pod.events.exitOf(container.id);
        await pod.client.wait(container.id);
        await pod.client.delete(container.id);
        await pod.events.deleteOf(container.id);
        assertExitsInOrder(pod, container.id);
      }
    },
  },
  raceCase('init-exit-under-exec-churn', false, ['containerd#10603', 'containerd#10651']),
  raceCase('init-exit-under-exec-churn-host-pid', true, ['containerd#10634', 'contract trap 28']),
  {
    name: 'late-exec-start-refused',
    sentence: 'An exec that is started after the death of the init gets FailedPrecondition.',
    threads: ['containerd#10603', 'contract trap 26'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id, execId: 'late', args: ['true'] });
      process.kill(pid, 'SIGKILL');
      await client.wait(id);
      await assert.rejects(client.start(id, 'late'), { code: FAILED_PRECONDITION });
      await pod.events.exitOf(id);
    },
  },
  {
    name: 'parallel-execs-all-end',
    sentence:
      'Six execs at once, again and again: each Wait returns, and there is one TaskExit for each.',
    threads: ['containerd#9999'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      for (let round = 0; round < 5; round += 1) {
        const execIds = Array.from({ length: 6 }, (_, index) => `r${round}e${index}`);
        await Promise.all(
          execIds.map(async (execId) => {
            await client.exec({ id, execId, args: ['true'] });
            await client.start(id, execId);
            await client.wait(id, execId);
            await client.delete(id, execId);
          }),
        );
        for (const execId of execIds) await events.exitOf(id, execId);
      }
      assert.equal(events.story(id).filter((line) => line.startsWith('exit ')).length, 30);
    },
  },
  {
    name: 'parallel-execs-in-reasonable-time',
    sentence:
      'Fifty execs at once, and two hundred, take at most twice as long as so many `runc exec`, and a second.',
    threads: ['containerd#8557', 'containerd#8617'],
    seconds: 120,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const root = join(pod.runcRoot, pod.sandbox.namespace);
      for (const count of [50, 200]) {
        const words = ['--root', root, 'exec', id, 'true'];
        const raw = await timeOf(() =>
          many(count, count, async () => void (await runWell('runc', words))),
        );
        const ours = await timeOf(() =>
          many(count, count, async (number) => {
            const execId = `e${count}-${number}`;
            await client.exec({ id, execId, args: ['true'] });
            await client.start(id, execId);
            await client.wait(id, execId);
          }),
        );
        const figures = `${Math.round(ours)} ms, runc alone ${Math.round(raw)} ms`;
        assert.ok(ours <= 2 * raw + 1000, `${count} execs: ${figures}`);
      }
    },
  },
];
