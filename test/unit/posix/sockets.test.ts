import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  closeFile,
  fileStatus,
  makePipe,
  readSome,
  readToEnd,
  removeFile,
  setNonBlocking,
  writeAll,
} from '../../../src/posix/files.ts';
import {
  acceptConnection,
  connectUnix,
  listenUnix,
  peerCredentials,
  receiveDescriptor,
  sendDatagram,
  sendDescriptor,
  socketPath,
} from '../../../src/posix/sockets.ts';
import { Workspace } from './support.ts';

const workspace = new Workspace();
after(() => workspace.remove());
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function withPair(name: string, use: (near: number, far: number) => void): void {
  const path = workspace.file(name);
  const listener = listenUnix(path, 8);
  const near = connectUnix(path, 1000);
  const far = acceptConnection(listener) ?? -1;
  try {
    use(near, far);
  } finally {
    for (const descriptor of [near, far, listener]) closeFile(descriptor);
    removeFile(path);
  }
}

describe('a listening socket', () => {
  test('is for its owner only and is bound to its path', () => {
    const path = workspace.file('owner.sock');
    const listener = listenUnix(path, 8);
    assert.equal(fileStatus(path).type, 'socket');
    assert.equal(fileStatus(path).mode, 0o600);
    assert.equal(socketPath(listener), path);
    assert.equal(acceptConnection(listener), undefined);
    assert.throws(() => listenUnix(path, 8), {
      code: 'EADDRINUSE',
      message: `bind ${path}: address already in use`,
    });
    closeFile(listener);
    assert.equal(fileStatus(path).type, 'socket');
    assert.throws(() => connectUnix(path, 100), { code: 'ECONNREFUSED' });
    removeFile(path);
    assert.throws(() => connectUnix(path, 100), { code: 'ENOENT' });
  });

  test('makes those wait who find no room in the backlog', () => {
    const path = workspace.file('full.sock');
    const listener = listenUnix(path, 0);
    const connected = [connectUnix(path, 1000)];
    assert.throws(
      () => {
        for (;;) connected.push(connectUnix(path, 20));
      },
      { code: 'ETIMEDOUT' },
    );
    for (const descriptor of [...connected, listener]) closeFile(descriptor);
  });

  test('has a path of 107 bytes at most', () => {
    const path = `/${'ä'.repeat(65)}`;
    const message = `unix socket path too long: 131 bytes, the limit is 107: ${path}`;
    assert.throws(() => listenUnix(path, 1), { code: 'ENAMETOOLONG', message });
    assert.throws(() => connectUnix(path, 1), { code: 'ENAMETOOLONG', message });
    const longest = `${workspace.path}/${'x'.repeat(106 - workspace.path.length)}`;
    const listener = listenUnix(longest, 1);
    assert.equal(socketPath(listener), longest);
    closeFile(listener);
    assert.throws(() => listenUnix(`${longest}x`, 1), { code: 'ENAMETOOLONG' });
  });
});

test('both ends know who is at the other', () => {
  withPair('peer.sock', (near, far) => {
    const self = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() };
    assert.deepEqual(peerCredentials(near), self);
    assert.deepEqual(peerCredentials(far), self);
    assert.equal(socketPath(near), '');
    writeAll(near, 'hello');
    assert.equal(text(readSome(far, 100)), 'hello');
  });
});

describe('descriptors as messages', () => {
  test('arrive with their name', () => {
    withPair('pass.sock', (near, far) => {
      const [reader, writer] = makePipe();
      sendDescriptor(near, '/dev/ptmx', writer);
      closeFile(writer);
      const received = receiveDescriptor(far);
      assert.equal(received.name, '/dev/ptmx');
      writeAll(received.descriptor, 'through');
      closeFile(received.descriptor);
      assert.equal(text(readToEnd(reader)), 'through');
      closeFile(reader);
    });
  });

  test('are EAGAIN before they arrive, and EPROTO when there is none', () => {
    withPair('none.sock', (near, far) => {
      assert.throws(() => receiveDescriptor(far), { code: 'EAGAIN' });
      writeAll(near, 'only a name');
      assert.throws(() => receiveDescriptor(far), { message: 'recvmsg: protocol error' });
    });
  });

  test('are closed when the name is too long', () => {
    withPair('long.sock', (near, far) => {
      const [reader, writer] = makePipe();
      setNonBlocking(reader, true);
      sendDescriptor(near, 'x'.repeat(4096), writer);
      closeFile(writer);
      assert.throws(() => receiveDescriptor(far), { code: 'EPROTO' });
      assert.equal(readSome(reader, 1)?.length, 0);
      closeFile(reader);
    });
  });
});

test('a datagram to nobody is an error', () => {
  assert.throws(() => sendDatagram(workspace.file('nobody'), 'READY=1'), { code: 'ENOENT' });
  assert.throws(() => sendDatagram('@posix-test-nobody', 'READY=1'), { code: 'ECONNREFUSED' });
});
