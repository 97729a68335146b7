import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  abandonSocket,
  claimSocket,
  removeDeadSocket,
  replaceSocket,
} from '../../../src/manager/listen.ts';
import { closeFile } from '../../../src/posix/files.ts';
import { connectUnix, listenUnix, socketPath } from '../../../src/posix/sockets.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'podshim-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

describe('listening', () => {
  test('makes the directory, the socket, and takes both claims back', () => {
    const path = join(root, 'new', 'deep', 's');
    const socket = claimSocket(path);
    assert.ok(socket !== undefined);
    assert.equal(lstatSync(join(root, 'new', 'deep')).mode & 0o7777, 0o700);
    assert.equal(lstatSync(path).mode & 0o7777, 0o600);
    assert.equal(socketPath(socket.descriptor), path);
    assert.equal(claimSocket(path), undefined);
    abandonSocket(socket);
    assert.ok(!existsSync(path));
  });

  test('a dead socket, and a file in its place, are taken over', () => {
    const path = join(root, 'dead');
    closeFile(listenUnix(path, 1));
    const socket = claimSocket(path);
    assert.ok(socket !== undefined);
    closeFile(connectUnix(path, 100));
    abandonSocket(socket);

    writeFileSync(path, '');
    const second = claimSocket(path);
    assert.ok(second !== undefined);
    abandonSocket(second);
  });

  test('only a dead socket is removed: not a living one, not a file, and no directory is made', () => {
    const living = join(root, 'living');
    const socket = claimSocket(living);
    assert.ok(socket !== undefined);
    removeDeadSocket(living);
    assert.ok(existsSync(living));
    closeFile(socket.descriptor);
    removeDeadSocket(living);
    assert.ok(!existsSync(living));

    const file = join(root, 'file');
    writeFileSync(file, '');
    removeDeadSocket(file);
    assert.ok(existsSync(file));
    removeDeadSocket(join(root, 'no', 'such', 'socket'));
    assert.ok(!existsSync(join(root, 'no')));
  });

  test('a listener with a full backlog is a living one', () => {
    const path = join(root, 'full');
    const listener = listenUnix(path, 0);
    const connections: number[] = [];
    try {
      for (;;) {
        connections.push(connectUnix(path, 1));
      }
    } catch {
      const { ino } = lstatSync(path);
      assert.equal(claimSocket(path), undefined);
      assert.equal(lstatSync(path).ino, ino);
    } finally {
      for (const descriptor of [...connections, listener]) {
        closeFile(descriptor);
      }
    }
  });

  test('the debug socket is made anew in any case', () => {
    const path = join(root, 'debug');
    const listener = listenUnix(path, 1);
    const { ino } = lstatSync(path);
    const socket = replaceSocket(path);
    assert.notEqual(lstatSync(path).ino, ino);
    closeFile(listener);
    abandonSocket(socket);
  });

  test('what cannot be removed or made is named', () => {
    const directory = join(root, 'directory');
    mkdirSync(directory);
    assert.throws(() => claimSocket(directory), /^Error: remove pre-existing socket: .*directory/);
    writeFileSync(join(root, 'file'), '');
    assert.throws(
      () => claimSocket(join(root, 'file', 's')),
      /^Error: create new shim socket: open .*file: not a directory$/,
    );
    assert.throws(
      () => claimSocket(join(root, 'file', 'deeper', 's')),
      /^Error: .*not a directory$/,
    );
  });
});

describe('a directory of sockets that somebody else can write to is refused', () => {
  const refusal = /is not a directory that only its owner, this user, can write to$/;

  /** Whoever has planted a listener there would be taken for the group's server. */
  function refused(name: string, spoil: (directory: string) => void): void {
    const directory = join(root, name);
    mkdirSync(directory, { mode: 0o700 });
    spoil(directory);
    const path = join(directory, 's');
    const planted = listenUnix(path, 1);
    try {
      assert.throws(() => claimSocket(path), refusal);
      assert.throws(() => replaceSocket(path), refusal);
      assert.throws(() => removeDeadSocket(path), refusal);
      assert.ok(existsSync(path));
    } finally {
      closeFile(planted);
    }
  }

  test('everybody', () => refused('sticky', (directory) => chmodSync(directory, 0o1777)));
  test('a group', () => refused('group', (directory) => chmodSync(directory, 0o770)));
  test('its owner, who is another user', () =>
    refused('foreign', (directory) => chownSync(directory, 65534, 0)));

  test('one that others can only look into is not', () => {
    const directory = join(root, 'readable');
    mkdirSync(directory);
    chmodSync(directory, 0o755);
    const socket = claimSocket(join(directory, 's'));
    assert.ok(socket !== undefined);
    abandonSocket(socket);
  });
});
