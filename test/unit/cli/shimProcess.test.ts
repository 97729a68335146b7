import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listeningSockets, readServerFlags, serverSocket } from '../../../src/cli/shimProcess.ts';

describe('finding servers', () => {
  const flags = ['-namespace', 'k8s.io', '-id', 'pod', '-address', '/run/c.sock'];

  test('by the flags that containerd gives, under any name', () => {
    const found = { program: 'containerd-shim-runc-v2', namespace: 'k8s.io', id: 'pod' };
    assert.deepEqual(readServerFlags(['/usr/bin/containerd-shim-runc-v2', ...flags]), found);
    assert.deepEqual(readServerFlags(['node', '/opt/podshim.mjs', ...flags, '-debug']), {
      ...found,
      program: 'podshim.mjs',
    });
    assert.deepEqual(
      readServerFlags(['shim', '--namespace=k8s.io', '--id=pod', '--address=/a'])?.id,
      'pod',
    );
  });

  test('not helpers, and not strangers', () => {
    assert.equal(readServerFlags(['/bin/shim', ...flags, 'start']), undefined);
    assert.equal(readServerFlags(['/bin/shim', ...flags, 'delete']), undefined);
    assert.equal(readServerFlags(['/bin/other', '-id', 'x']), undefined);
    assert.equal(readServerFlags(['/bin/other', '-namespace', 'x', '-unknown', 'y']), undefined);
    assert.equal(readServerFlags(['/bin/sleep', '1000']), undefined);
    assert.equal(readServerFlags([]), undefined);
  });

  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000: 00000002 00000000 00010000 0001 01 100 /run/containerd/s/a',
    '0000: 00000003 00000000 00000000 0001 03 101 /run/containerd/s/a',
    '0000: 00000002 00000000 00010000 0001 01 102 @abstract',
    '0000: 00000002 00000000 00010000 0001 01 103 /run/containerd/s/b',
    '',
  ].join('\n');

  test('their sockets are those that they listen on', () => {
    const sockets = listeningSockets(table);
    assert.deepEqual(
      [...sockets],
      [
        ['100', '/run/containerd/s/a'],
        ['103', '/run/containerd/s/b'],
      ],
    );
    const links = new Map([
      [0, '/dev/null'],
      [2, 'socket:[103]'],
      [3, 'socket:[100]'],
      [9, 'socket:[101]'],
    ]);
    assert.equal(serverSocket(links, sockets), '/run/containerd/s/a');
    links.delete(3);
    assert.equal(serverSocket(links, sockets), '/run/containerd/s/b');
    assert.equal(serverSocket(new Map(), sockets), undefined);
  });
});
