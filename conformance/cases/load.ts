import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { StateRequest } from '../../src/proto/messages.ts';
import { requestBytes } from '../../test/support/rawConnection.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { assertQuick, Latency } from '../support/latency.ts';
import { many } from '../support/many.ts';
import { SOON } from '../support/within.ts';
import { zombiesOf } from '../support/zombies.ts';

const MIB = 1024 * 1024;

/** Memory that is the process's alone, in bytes, wherever the kernel keeps it. */
function privateMemory(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...rollup.matchAll(/^(?:Private_Clean|Private_Dirty|Swap):\s+(\d+) kB$/gm)];
  return kilobytes.reduce((sum, [, number]) => sum + Number(number) * 1024, 0);
}

/** The least of it in ten seconds of quiet: a shim may give some back when it has nothing to do. */
async function restingMemory(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let second = 0; second < 10; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    least = Math.min(least, privateMemory(pid));
  }
  return least;
}

/** A shell that leaves orphans, each of which lives for a second. */
function orphans(count: number): string {
  return `i=0; while [ $i -lt ${count} ]; do (setsid sleep 1 &); i=$((i+1)); done; exec sleep 1000`;
}

async function oneExec(pod: ShimPod, id: string, execId: string, status: number): Promise<void> {
  const { client } = pod;
  await client.exec({ id, execId, args: ['sh', '-c', `exit ${status}`] });
  await client.start(id, execId);
  assert.equal((await client.wait(id, execId)).exitStatus, status, `Wait of ${execId}`);
  assert.equal((await client.delete(id, execId)).exitStatus, status, `Delete of ${execId}`);
  assert.equal((await pod.events.exitOf(id, execId)).exitStatus, status, `TaskExit of ${execId}`);
}

export const loadCases: readonly ConformanceCase[] = [
  {
    name: 'state-during-a-fork-bomb',
    sentence:
      'While a container leaves thousands of orphans, a thousand at a time, State of another one is answered within 100 ms.',
    threads: ['containerd#2709', 'containerd#3529'],
    seconds: 120,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const quiet = await pod.run({ args: ['sleep', '1000'] });
      const count = context.amount({ middle: 5120, full: 20_480 });
      const latency = await Latency.ofState(pod, quiet.id);
      context.atEnd(() => latency.close());
      const bomb = await pod.run({
        args: ['sh', '-c', orphans(count)],
        hostPid: true,
        resources: { pids: { limit: 4096 } },
      });
      // The last thing the shell does is to become another program.
      const command = `/proc/${bomb.pid}/cmdline`;
      const isOver = () => readFileSync(command, 'utf8').startsWith('sleep');
      await waitUntil('the bomb is over', isOver, 100_000);
      const quickness = await latency.stop();
      await client.kill(bomb.id, 9);
      assert.equal((await client.wait(bomb.id)).exitStatus, 137);
      await waitUntil('no zombie is left', () => zombiesOf(pod) === 0, SOON);
      assertQuick(quickness, context.size !== 'fast');
    },
  },
  {
    name: 'state-under-many-execs',
    sentence:
      'While hundreds of execs are started at once, State of another container is answered within 100 ms.',
    threads: ['containerd#8557', 'containerd#2709'],
    seconds: 180,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const quiet = await pod.run({ args: ['sleep', '1000'] });
      const busy = await pod.run({ args: ['sleep', '1000'] });
      const latency = await Latency.ofState(pod, quiet.id);
      context.atEnd(() => latency.close());
      const execIds = Array.from({ length: 500 }, (_, index) => `e${index}`);
      for (const execId of execIds) await client.exec({ id: busy.id, execId, args: ['true'] });
      // All in one turn: they come in as few packets as the socket makes of them.
      await Promise.all(execIds.map((execId) => client.start(busy.id, execId)));
      assertQuick(await latency.stop(), context.size !== 'fast');
      await Promise.all(execIds.map((execId) => client.wait(busy.id, execId)));
    },
  },
  {
    name: 'calls-while-orphans-come',
    sentence:
      'While a shim adopts orphans by the thousand it misses the end of none of the programs that it runs itself.',
    threads: ['containerd#2855', 'libuv#4179'],
    fast: true,
    seconds: 120,
    fullSeconds: 3600,
    async run(context) {
      const pod = await context.pod();
      const count = context.amount({ fast: 200, middle: 2000, full: 10_000 });
      const execs = context.amount({ fast: 20, middle: 200, full: 2000 });
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const source = await pod.run({ args: ['sh', '-c', orphans(count)], hostPid: true });
      await many(execs, 4, (index) => oneExec(pod, id, `e${index}`, index % 200));
      await pod.client.pause(id);
      await pod.client.resume(id);
      await pod.remove(source.id);
      await waitUntil('no zombie is left', () => zombiesOf(pod) === 0, SOON);
    },
  },
  {
    name: 'exits-while-the-daemon-stalls',
    sentence:
      'Of the exits that come while the daemon takes no event for five seconds none is lost.',
    threads: ['containerd#13849', 'containerd#12678', 'containerd#13544'],
    seconds: 120,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const count = context.amount({ middle: 200, full: 500 });
      const execIds = Array.from({ length: count }, (_, index) => `e${index}`);
      for (const execId of execIds) await client.exec({ id, execId, args: ['sleep', '1000'] });
      const pids: number[] = [];
      await many(count, 8, async (index) => {
        pids.push((await client.start(id, `e${index}`)).pid);
      });
      const stalled = new Promise<'take'>((resolve) => setTimeout(() => resolve('take'), 5000));
      events.receive = () => stalled;
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await stalled;
      for (const execId of execIds) {
        assert.equal((await client.wait(id, execId)).exitStatus, 137);
        await events.exitOf(id, execId);
      }
      await pod.remove(id);
      await events.deleteOf(id);
      const exits = events.story(id).filter((line) => line.startsWith('exit '));
      assert.equal(new Set(exits).size, count);
    },
  },
  {
    name: 'client-that-does-not-read',
    sentence:
      'A client that asks and asks and reads no answer is held back: others are served as before, and memory stays.',
    threads: ['ttrpc#72', 'ttrpc#174', 'ttrpc#229'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const before = privateMemory(pod.pid);
      const payload = StateRequest.encode({ id }).finish();
      const questions = context.amount({ fast: 100_000, middle: 300_000, full: 300_000 });
      const requests = Array.from({ length: questions }, (_, index) =>
        requestBytes(2 * index + 1, pod.client.service, 'State', payload),
      );
      // Nobody listens for its data, so nothing is read.
      const socket = createConnection(pod.socket);
      socket.on('error', () => {});
      context.atEnd(() => void socket.destroy());
      const all = Buffer.concat(requests);
      socket.write(all);
      let accepted = -1;
      const isStuck = async (): Promise<boolean> => {
        const last = accepted;
        await new Promise((resolve) => setTimeout(resolve, 200));
        accepted = socket.bytesWritten - socket.writableLength;
        return accepted === last;
      };
      await waitUntil('the shim takes no more', isStuck, 20_000);
      const moments = context.amount({ fast: 500, middle: 3000, full: 10_000 });
      const latency = await Latency.ofState(pod, id);
      context.atEnd(() => latency.close());
      await new Promise((resolve) => setTimeout(resolve, moments));
      assertQuick(await latency.stop(), context.size !== 'fast');
      const growth = Math.round((privateMemory(pod.pid) - before) / MIB);
      assert.ok(growth < 48, `${growth} MiB for a client that does not read`);
      assert.ok(accepted < all.length, 'it is not held back');
    },
  },
  {
    name: 'memory-flat-over-execs',
    sentence: 'A shim that has run many execs has the private memory of one that has run a few.',
    threads: ['containerd#13290', 'containerd#13561', 'ttrpc#236', 'ttrpc#241', 'hcsshim#1574'],
    seconds: 120,
    fullSeconds: 3600,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const round = (count: number): Promise<void> =>
        many(count, 4, async () => {
          const execId = pod.newId();
          await client.exec({ id, execId, args: ['true'] });
          await client.start(id, execId);
          await client.wait(id, execId);
          await client.delete(id, execId);
        });
      const count = context.amount({ middle: 500, full: 20_000 });
      await round(100);
      await round(100);
      const before = await restingMemory(pod.pid);
      await round(count);
      const after = await restingMemory(pod.pid);
      const told = `${Math.round(after / MIB)} MiB, before ${Math.round(before / MIB)} MiB`;
      assert.ok(after <= before * 1.25 + 2 * MIB, told);
    },
  },
];
