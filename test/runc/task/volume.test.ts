import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RunningCommand } from '../../support/commands.ts';
import { ShimPod } from '../../support/shimPod.ts';

const mebibyte = 1024 * 1024;
const block = randomBytes(16 * mebibyte);

let pod: ShimPod;
let blockFile: string;
before(async () => {
  pod = await ShimPod.start();
  blockFile = join(pod.sandbox.directory, 'block');
  writeFileSync(blockFile, block);
});
after(() => pod?.close());

function hashOfBlocks(count: number): string {
  const hash = createHash('sha256');
  for (let index = 0; index < count; index += 1) hash.update(block);
  return hash.digest('hex');
}

async function hashThrough(script: string, terminal: boolean): Promise<string> {
  const id = pod.newId();
  const { stdout } = pod.fifos(id);
  const limit = { limitMilliseconds: 170_000 };
  const reader = new RunningCommand('sha256sum', [stdout], limit);
  const binds = { '/tmp/block': blockFile };
  const input = { args: ['sh', '-c', script], terminal, binds, request: { stdout } };
  await pod.run(input, id);
  const { stdout: text } = await reader.finished;
  assert.equal((await pod.client.wait(id)).exitStatus, 0);
  await pod.client.delete(id);
  return text.split(' ')[0] ?? '';
}

const writeBlocks = (count: number): string =>
  `i=0; while [ $i -lt ${count} ]; do cat /tmp/block || exit 1; i=$((i + 1)); done`;

describe('large outputs arrive unchanged', () => {
  test('1 GiB through a pipe', async () => {
    assert.equal(await hashThrough(writeBlocks(64), false), hashOfBlocks(64));
  });

  test('256 MiB through a terminal', async () => {
    const script = `stty raw -echo; ${writeBlocks(16)}`;
    assert.equal(await hashThrough(script, true), hashOfBlocks(16));
  });

  test('64 MiB into a process', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdin, stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    await pod.run({ args: ['sha256sum'], request: { stdin, stdout } }, id);
    const script = 'exec cat "$0" "$0" "$0" "$0" > "$1"';
    await new RunningCommand('sh', ['-c', script, blockFile, stdin]).finished;
    await client.closeIo(id);
    assert.equal((await out.finished).stdout.split(' ')[0], hashOfBlocks(4));
    await client.wait(id);
    await client.delete(id);
  });
});
