import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { servedVersion } from '../../../src/manager/servedVersion.ts';
import { listenUnix } from '../../../src/posix/sockets.ts';
import { Server, type UnaryHandler } from '../../../src/ttrpc/server.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'podshim-version-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const answer: UnaryHandler = () => new Uint8Array(0);

/** What is said of a server that has these services. */
async function versionWith(names: readonly string[], connect: UnaryHandler = answer) {
  const path = join(directory, `${names.length}-${names.join('-')}.sock`);
  const services = names.map((name) => ({ name, unary: new Map([['Connect', connect]]) }));
  const server = new Server({ services });
  server.serve(listenUnix(path, 4));
  try {
    return await servedVersion(path);
  } finally {
    server.stopListening();
    await server.close();
  }
}

describe('the version of a running server', () => {
  test('is 3 when it has that', async () => {
    assert.equal(await versionWith(['containerd.task.v2.Task', 'containerd.task.v3.Task']), 3);
  });

  test('is 2 when it does not know version 3', async () => {
    assert.equal(await versionWith(['containerd.task.v2.Task']), 2);
  });

  test('is ours when it does not answer, or is not there', async () => {
    const never: UnaryHandler = () => new Promise(() => {});
    assert.equal(await versionWith(['containerd.task.v3.Task'], never), 3);
    assert.equal(await servedVersion(join(directory, 'nobody.sock')), 3);
  });
});
