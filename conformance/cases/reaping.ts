import assert from 'node:assert/strict';
import { cgroupsBelow } from '../../test/support/cgroups.ts';
import { listProcesses } from '../../test/support/processes.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { many } from '../support/many.ts';
import { zombiesOf } from '../support/zombies.ts';

export const reapingCases: readonly ConformanceCase[] = [
  {
    name: 'exits-of-a-stopped-moment',
    sentence:
      'Hundreds of exits that come while the shim does not run at all are told when it runs again.',
    threads: ['containerd#13849', 'containerd#12678', 'containerd#13539'],
    seconds: 120,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const count = context.amount({ middle: 100, full: 500 });
      const script = 'for i in $(seq 500); do (setsid true &); done; exec sleep 1000';
      const { id } = await pod.run({ args: ['sleep', '1000'], hostPid: true });
      const execs = Array.from({ length: count }, (_, index) => `e${index}`);
      await client.exec({ id, execId: 'noise', args: ['sh', '-c', script] });
      for (const execId of execs) {
        await client.exec({ id, execId, args: ['sleep', '1000'] });
      }
      const pids: number[] = [];
      await many(count, 8, async (index) => {
        pids.push((await client.start(id, `e${index}`)).pid);
      });
      await client.start(id, 'noise');
      process.kill(pod.pid, 'SIGSTOP');
      try {
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await new Promise((resolve) => setTimeout(resolve, 5000));
      } finally {
        process.kill(pod.pid, 'SIGCONT');
      }
      for (const execId of execs) assert.equal((await client.wait(id, execId)).exitStatus, 137);
      for (const execId of execs) await events.exitOf(id, execId);
      await waitUntil('no zombie is left', () => zombiesOf(pod) === 0, 5000);
    },
  },
  {
    name: 'orphans-are-reaped',
    sentence:
      'Children that probes leave behind become the shim’s, and none of them stays a zombie.',
    threads: ['containerd#7717', 'kubernetes#81042', 'cri-dockerd#124', 'containerd#9979'],
    fast: true,
    seconds: 60,
    fullSeconds: 600,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'], hostPid: true });
      const rounds = context.amount({ fast: 10, middle: 50, full: 1000 });
      for (let round = 0; round < rounds; round += 1) {
        const execId = `e${round}`;
        const script = 'for i in 1 2 3 4 5; do (sleep 0.05 &); done; sleep 1000';
        await client.exec({ id, execId, args: ['sh', '-c', script] });
        await client.start(id, execId);
        // The probe has timed out.
        await client.kill(id, 9, { execId });
        await client.wait(id, execId);
        await client.delete(id, execId);
      }
      await waitUntil('no zombie is left', () => zombiesOf(pod) === 0, 5000);
    },
  },
  {
    name: 'host-pid-children-are-killed',
    sentence: "In the host's pid namespace the children of a dead init are killed and reaped.",
    threads: ['contract trap 28', 'containerd#10634'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const out = pod.read(stdout);
      const script = '(setsid sleep 1000 & echo $!); exec sleep 1000';
      const input = { args: ['sh', '-c', script], hostPid: true, request: { stdout } };
      const { pid } = await pod.run(input, id);
      const child = Number((await out.waitForOutput(/\d+\n/)).trim());
      process.kill(pid, 'SIGKILL');
      await pod.client.wait(id);
      await waitUntil(
        'the child is gone',
        () => {
          return listProcesses().every((process) => process.pid !== child);
        },
        5000,
      );
      await pod.client.delete(id);
    },
  },
  {
    name: 'stubborn-tree-leaves-no-cgroup',
    sentence:
      'A tree of processes that ignore SIGTERM goes with its container, and so does its cgroup.',
    threads: ['containerd#11087'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const script = 'trap "" TERM; for i in 1 2 3 4 5; do (trap "" TERM; sleep 1000) & done; wait';
      const { id } = await pod.run({ args: ['sh', '-c', script], hostPid: true });
      await pod.client.kill(id, 15);
      await pod.remove(id);

      assert.deepEqual(cgroupsBelow(pod.cgroup), []);
    },
  },
];
