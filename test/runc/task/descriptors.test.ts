import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listProcesses } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

const containers = 50;
const execsEach = 4;

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

/** One container's life with execs, FIFOs or terminals, from its creation to its deletion. */
async function live(number: number): Promise<void> {
  const { client } = pod;
  const id = `life${number}`;
  const terminal = number % 3 === 0;
  const { stdin, stdout, stderr } = pod.fifos(id);
  const readers = [pod.read(stdout), ...(terminal ? [] : [pod.read(stderr)])];
  const paths = terminal ? { stdin, stdout } : { stdin, stdout, stderr };
  await pod.run({ args: ['sleep', '1000'], terminal, request: paths }, id);
  for (let index = 0; index < execsEach; index += 1) {
    const execId = `e${index}`;
    const exec = pod.fifos(`${id}-${execId}`);
    const reader = pod.read(exec.stdout);
    const input = { args: ['echo', execId], terminal: index === 0, stdin: exec.stdin };
    await client.exec({ id, execId, ...input, stdout: exec.stdout });
    await client.start(id, execId);
    await client.wait(id, execId);
    assert.equal((await reader.finished).stdout.trim(), execId);
    await client.delete(id, execId);
  }
  await pod.remove(id);
  for (const reader of readers) await reader.finished;
}

test(`after ${containers} containers and ${containers * execsEach} execs the server holds nothing of them`, async () => {
  // What is opened once and kept is there after the first two.
  await live(1000);
  await live(1001);
  const kinds = (): string[] =>
    pod
      .descriptors()
      .map((target) => target.replace(/\d+/g, 'N'))
      .sort();
  await pod.events.deleteOf('life1001');
  const before = kinds();
  const numbers = Array.from({ length: containers }, (_, index) => index);
  const worker = async (): Promise<void> => {
    for (let next = numbers.shift(); next !== undefined; next = numbers.shift()) await live(next);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await waitUntil(
    'the descriptors are those of before',
    () => kinds().length === before.length,
    3000,
  ).catch(() => assert.deepEqual(kinds(), before));
  assert.deepEqual(kinds(), before);
  assert.deepEqual(
    listProcesses().filter(({ parent }) => parent === pod.pid),
    [],
  );
  assert.deepEqual(pod.runcStates(), []);
  await pod.events.waitFor(
    'all deletions',
    () =>
      pod.events.seen.filter(({ topic }) => topic === '/tasks/delete').length === containers + 2,
  );
});
