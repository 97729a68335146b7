import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DEFAULT_SOCKET_DIRECTORY,
  debugSocketAddress,
  socketAddress,
  socketPathOf,
} from '../../../src/manager/socketAddress.ts';

const identity = {
  directory: DEFAULT_SOCKET_DIRECTORY,
  address: '/run/containerd/containerd.sock',
  namespace: 'k8s.io',
  group: 'abc',
};

describe('socket address', () => {
  test('the vectors of the contract', () => {
    const root = 'unix:///run/containerd/s';
    assert.equal(
      socketAddress(identity),
      `${root}/a99a1752d3a0fadfb1f869026f16760475df03a572e20f4ccea9e6c1e5470b72`,
    );
    assert.equal(
      debugSocketAddress(identity),
      `${root}/489cbb1c8f8f3f4d2724d001de17c3d2f3600801024a130ed5ec65aa4a78052a`,
    );
    assert.equal(
      socketAddress({ ...identity, namespace: 'default', group: 'test' }),
      `${root}/cfa94b04d543b3f64f78eff8125c7a7cd0903173f673d87367be72ff09fc92c2`,
    );
  });

  test('the join is cleaned before it is hashed', () => {
    const untidy = { ...identity, address: '/run//containerd/./x/../containerd.sock/' };
    assert.equal(socketAddress(untidy), socketAddress(identity));
    assert.equal(socketAddress({ ...identity, group: 'up/../abc' }), socketAddress(identity));
  });

  test('the length does not depend on what is hashed', () => {
    const long = { ...identity, namespace: 'n'.repeat(76), group: 'g'.repeat(76) };
    assert.equal(
      socketPathOf(socketAddress(long)).length,
      DEFAULT_SOCKET_DIRECTORY.length + 1 + 64,
    );
    assert.equal(socketAddress(long).length, socketAddress(identity).length);
  });

  test('a path that the kernel could not take is refused with both lengths', () => {
    const directory = `/${'d'.repeat(40)}`;
    assert.equal(socketPathOf(socketAddress({ ...identity, directory })).length, 106);
    assert.throws(
      () => socketAddress({ ...identity, directory: `${directory}d` }),
      /^Error: unix socket path too long \(107 > 106\): \/d+\/[0-9a-f]{64}$/,
    );
    assert.throws(
      () => socketAddress({ ...identity, directory: `/${'ü'.repeat(21)}` }),
      /\(108 > 106\)/,
    );
  });

  test('a relative directory is refused', () => {
    assert.throws(
      () => socketAddress({ ...identity, directory: 'run/s' }),
      /not an absolute path: run\/s/,
    );
  });
});
