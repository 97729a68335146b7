import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupOf } from '../../../src/manager/grouping.ts';

const group = (config: unknown) => groupOf(JSON.stringify(config), '/b/config.json', 'own');

describe('grouping', () => {
  test('the own annotation, then the one of CRI, then the id', () => {
    const own = { 'io.containerd.runc.v2.group': 'g' };
    const cri = { 'io.kubernetes.cri.sandbox-id': 'pod' };
    assert.equal(group({ annotations: { ...cri, ...own } }), 'g');
    assert.equal(group({ annotations: cri }), 'pod');
    assert.equal(group({ annotations: { other: 'x' } }), 'own');
    assert.equal(group({ annotations: null }), 'own');
    assert.equal(group({}), 'own');
  });

  test('an empty value is present', () => {
    assert.equal(group({ annotations: { 'io.containerd.runc.v2.group': '' } }), '');
  });

  test('annotations of other places do not count', () => {
    const annotations = { 'io.containerd.runc.v2.group': 'g' };
    assert.equal(group({ linux: { annotations } }), 'own');
  });

  test('a broken file is named, with the position', () => {
    assert.throws(
      () => groupOf('{\n "annotations": {,}\n}', '/b/config.json', 'own'),
      /^Error: \/b\/config\.json:2:18: invalid JSON: unexpected "," where a quoted key should be$/,
    );
    assert.throws(() => groupOf('[]', '/b/config.json', 'own'), /config\.json: not a JSON object/);
    assert.throws(() => group({ annotations: 1 }), /annotations is not a JSON object/);
    assert.throws(
      () => group({ annotations: { 'io.containerd.runc.v2.group': 1 } }),
      /annotation io\.containerd\.runc\.v2\.group is not a string/,
    );
  });

  test('no value leads to the socket of another namespace or of another kind', () => {
    for (const value of ['..', '../other/pod', 'a/../../b', '.', 'a//b', 'pod/debug', 'a\0b']) {
      assert.throws(
        () => group({ annotations: { 'io.containerd.runc.v2.group': value } }),
        /annotation io\.containerd\.runc\.v2\.group is no name for a group: "/,
        value,
      );
    }
    assert.equal(group({ annotations: { 'io.containerd.runc.v2.group': 'team/pod' } }), 'team/pod');
  });
});
