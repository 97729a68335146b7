import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { holdNamespaces, releaseNamespaces } from '../../../src/posix/namespaces.ts';
import { waitUntil } from '../../support/waiting.ts';

const plain = {
  network: undefined,
  newIpc: false,
  newUts: false,
  hostName: undefined,
  settings: [],
};

test('a thread holds namespaces until they are released', async () => {
  const path = '/proc/sys/kernel/shm_rmid_forced';
  const request = {
    ...plain,
    newIpc: true,
    newUts: true,
    hostName: 'held',
    settings: [{ path, value: '1' }],
  };
  const before = readFileSync(path, 'utf8');
  const thread = holdNamespaces(request);
  try {
    assert.equal(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8'), 'pod namespaces\n');
    for (const kind of ['ipc', 'uts']) {
      assert.notEqual(
        readlinkSync(`/proc/${thread}/ns/${kind}`),
        readlinkSync(`/proc/self/ns/${kind}`),
      );
    }
    assert.equal(readlinkSync(`/proc/${thread}/ns/net`), readlinkSync('/proc/self/ns/net'));
    assert.equal(readFileSync(path, 'utf8'), before);
    assert.throws(() => holdNamespaces(request), { code: 'EBUSY' });
  } finally {
    releaseNamespaces();
  }
  // The kernel says that a thread has ended shortly before it takes it from the list.
  await waitUntil('the thread is gone', () => !existsSync(`/proc/self/task/${thread}`));
  releaseNamespaces();
});

test('a step that fails is named, and leaves no thread', () => {
  assert.throws(() => holdNamespaces({ ...plain, network: '/no/such' }), {
    message: 'open /no/such: no such file or directory',
  });
  assert.throws(() => holdNamespaces({ ...plain, network: '/proc/self/ns/uts' }), {
    message: 'setns /proc/self/ns/uts: invalid argument',
  });
  const settings = [
    { path: '/proc/sys/kernel/shm_rmid_forced', value: '0' },
    { path: '/proc/sys/kernel/no_such', value: '0' },
  ];
  assert.throws(() => holdNamespaces({ ...plain, newIpc: true, settings }), {
    message: 'write /proc/sys/kernel/no_such: no such file or directory',
  });
});

test('a value smuggles in no setting of its own', () => {
  const path = '/proc/sys/kernel/shm_rmid_forced';
  const settings = [
    { path, value: '0\0/no/such/setting\0x' },
    { path, value: '1' },
  ];
  const request = { ...plain, newIpc: true, settings };
  assert.throws(() => holdNamespaces(request), /^TypeError: the string contains a NUL character$/);
});
