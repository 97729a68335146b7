import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runWell } from '../../support/commands.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

describe('stdin', () => {
  test('ends for the process when CloseIO was called and the client is gone, not before', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdin, stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    await pod.run({ args: ['cat'], request: { stdin, stdout } }, id);
    const first = pod.write(stdin);
    first.write('one\n');
    await out.waitForOutput(/one\n/);
    first.closeInput();
    await first.finished;
    // The first client is gone: a second one can still write.
    const second = pod.write(stdin);
    second.write('two\n');
    await out.waitForOutput(/two\n/);
    await client.closeIo(id);
    second.write('three\n');
    await out.waitForOutput(/three\n/);
    second.closeInput();
    assert.equal((await client.wait(id)).exitStatus, 0);
    assert.equal((await out.finished).stdout, 'one\ntwo\nthree\n');
    await client.closeIo(id);
    await client.delete(id);
  });

  test('of an exec is its own', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const { stdin, stdout } = pod.fifos('own');
    const out = pod.read(stdout);
    await client.exec({ id, execId: 'e', args: ['cat'], stdin, stdout });
    await client.start(id, 'e');
    const writer = pod.write(stdin);
    writer.write('hello');
    writer.closeInput();
    await writer.finished;
    await client.closeIo(id, 'e');
    assert.equal((await client.wait(id, 'e')).exitStatus, 0);
    assert.equal((await out.finished).stdout, 'hello');
    await client.delete(id, 'e');
    await pod.remove(id);
  });

  test('without a path is empty', async () => {
    assert.equal((await pod.outputOf({ args: ['wc', '-c'] })).trim(), '0');
  });
});

describe('stdout and stderr', () => {
  test('end with the process, before Delete, and stay apart', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout, stderr } = pod.fifos(id);
    const out = pod.read(stdout);
    const err = pod.read(stderr);
    await pod.run({ args: ['sh', '-c', 'echo o; echo e >&2'], request: { stdout, stderr } }, id);
    // Nobody has called Delete: a client waits for these two ends first.
    assert.equal((await out.finished).stdout, 'o\n');
    assert.equal((await err.finished).stdout, 'e\n');
    await client.wait(id);
    await client.delete(id);
  });

  test('may both be missing, or one of them', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sh', '-c', 'echo o && echo e >&2'] });
    assert.equal((await client.wait(id)).exitStatus, 0);
    await client.delete(id);
    assert.equal(await pod.outputOf({ args: ['sh', '-c', 'echo o; echo e >&2'] }), 'o\n');
  });

  test('can be opened again through /dev/stdout', async () => {
    const script = 'echo a; echo b > /dev/stdout; echo c > /proc/self/fd/1';
    assert.equal(await pod.outputOf({ args: ['sh', '-c', script] }), 'a\nb\nc\n');
  });

  test('lose nothing when the reader goes and another comes', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const sizes = [1000, 300_000, 1, 70_000];
    // Fixed-length lines, more than all pipes hold: the process waits whenever nobody reads.
    const lines = 100_000;
    const script = `for (i = 0; i < ${lines}; i++) printf "%09d\\n", i`;
    const parts: Promise<string>[] = [];
    const first = runWell('head', ['-c', String(sizes[0]), stdout]);
    await pod.run({ args: ['awk', `BEGIN { ${script} }`], request: { stdout } }, id);
    parts.push(first);
    await first;
    for (const size of sizes.slice(1)) {
      // head reads no more than it is told to, and closes: the next reader continues there.
      const part = runWell('head', ['-c', String(size), stdout]);
      parts.push(part);
      await part;
    }
    assert.equal((await client.state(id)).status, 2, 'nobody read all of it: the process waits');
    parts.push(runWell('cat', [stdout]));
    const text = (await Promise.all(parts)).join('');
    assert.equal(text.length, lines * 10);
    const rows = text.split('\n');
    assert.ok(rows.slice(0, lines).every((row, index) => Number(row) === index));
    assert.equal((await client.wait(id)).exitStatus, 0);
    await client.delete(id);
  });
});

describe('a background child that holds the output of a dead exec', () => {
  test('delays its Delete by the drain budget at most, and nobody else', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const { stdout } = pod.fifos('held');
    const out = pod.read(stdout);
    // While something moves, the whole budget is waited, which no busy machine uses up meanwhile.
    const script = '(while :; do echo; sleep 0.1; done) & echo "begun $!"; sleep 1000 &';
    await client.exec({ id, execId: 'e', args: ['sh', '-c', script], stdout });
    await client.start(id, 'e');
    await client.wait(id, 'e');
    const [, writer = ''] = /begun (\d+)\n/.exec(await out.waitForOutput(/begun \d+\n/)) ?? [];
    let deleted = false;
    const deleting = client.delete(id, 'e').then((answer) => {
      deleted = true;
      return answer;
    });
    assert.equal(await pod.outputOfExec(id, ['echo', 'meanwhile']), 'meanwhile\n');
    assert.equal(await pod.outputOf({ args: ['echo', 'elsewhere'] }), 'elsewhere\n');
    assert.equal((await client.state(id)).status, 2);
    assert.equal(deleted, false);
    await pod.outputOfExec(id, ['kill', writer]);
    assert.equal((await deleting).exitStatus, 0);
    assert.match((await out.finished).stdout, /^\n*begun \d+\n+$/);
    await pod.remove(id);
  });
});
