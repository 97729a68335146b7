import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listProcesses } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

/** Runs a container that writes to both streams, to its deletion. */
async function speak(id: string, stdout: string): Promise<void> {
  const { client } = pod;
  await pod.run({ args: ['sh', '-c', 'echo out; echo err >&2'], request: { stdout } }, id);
  assert.equal((await client.wait(id)).exitStatus, 0);
  await client.delete(id);
}

describe('output to a file', () => {
  test('gets both streams, is made with its directories, and is appended to', async () => {
    const path = join(pod.sandbox.directory, 'logs/deep/output.log');
    await speak('file1', `file://${path}`);
    await speak('file2', `file://${path}`);
    assert.equal(readFileSync(path, 'utf8').split('\n').sort().join(' '), ' err err out out');
  });

  test('that exists already, by its bare path', async () => {
    const path = join(pod.sandbox.directory, 'plain.log');
    writeFileSync(path, 'before\n');
    assert.equal((await speakTo(path)).trim(), 'before\nout');
  });
});

async function speakTo(path: string): Promise<string> {
  await speak(pod.newId('plain'), path);
  return readFileSync(path, 'utf8');
}

describe('output to a logging binary', () => {
  const file = (name: string): string => join(pod.sandbox.directory, name);
  const logger = (): string => {
    const path = file('logger');
    const directory = pod.sandbox.directory;
    const lines = [
      '#!/bin/sh',
      `/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > ${directory}/logger-environment`,
      `printf '%s\\n' "$@" > ${directory}/logger-words`,
      'exec 5>&-',
      `/bin/cat <&3 > ${directory}/logger-out &`,
      `/bin/cat <&4 > ${directory}/logger-err`,
      'wait',
    ];
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 });
    return path;
  };

  test('reaches it on its own descriptors, with its words and environment', async () => {
    await speak('binary', `binary://${logger()}?first=1&second&third=a%20b`);
    await waitUntil('the binary is gone', () =>
      listProcesses().every(({ parent }) => parent !== pod.pid),
    );
    assert.equal(readFileSync(file('logger-out'), 'utf8'), 'out\n');
    assert.equal(readFileSync(file('logger-err'), 'utf8'), 'err\n');
    assert.equal(readFileSync(file('logger-words'), 'utf8'), 'first\n1\nsecond\n\nthird\na b\n');
    const environment = readFileSync(file('logger-environment'), 'utf8').trim().split('\n').sort();
    assert.deepEqual(environment, [
      'CONTAINER_ID=binary',
      `CONTAINER_NAMESPACE=${pod.sandbox.namespace}`,
    ]);
  });

  test('that is missing fails Create', async () => {
    const id = pod.newId();
    const stdout = 'binary:///no/such/logger';
    await assert.rejects(pod.create({ args: ['true'], request: { stdout } }, id), {
      code: 2,
      message: /failed to start binary process: .*\/no\/such\/logger: no such file or directory/,
    });
    assert.deepEqual(pod.events.story(id), []);
  });

  test('that dies without a word fails Create when readiness is strict', async () => {
    const stdout = 'binary-v2:///bin/true';
    await assert.rejects(pod.create({ args: ['true'], request: { stdout } }), {
      code: 2,
      message: /logging binary did not call ready \(it may have crashed or exited prematurely\)/,
    });
  });
});

test('the pipes belong to the user that the options name', async () => {
  // Asked of the runtime and not of the container: runc gives them to the container's user.
  const runtime = join(pod.sandbox.directory, 'noting-runc');
  const note = join(pod.sandbox.directory, 'owners');
  const files = '/proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2';
  // Put together first: a redirection of the command itself would be seen in the shell's descriptors.
  const look = `owners=$(stat -L -c %u:%g ${files}); echo "$owners" >> ${note}`;
  const script = `#!/bin/sh\n${look}\nexec runc "$@"\n`;
  writeFileSync(runtime, script, { mode: 0o755 });
  const id = pod.newId();
  const { stdin, stdout, stderr } = pod.fifos(id);
  const readers = [pod.read(stdout), pod.read(stderr)];
  const options = pod.options({ binaryName: runtime, ioUid: 1234, ioGid: 5678 });
  await pod.create({ args: ['true'], request: { stdin, stdout, stderr, options } }, id);
  const owners = readFileSync(note, 'utf8').split('\n');
  assert.deepEqual(owners.slice(0, 3), ['1234:5678', '1234:5678', '1234:5678']);
  await pod.client.delete(id);
  for (const reader of readers) await reader.finished;
});
