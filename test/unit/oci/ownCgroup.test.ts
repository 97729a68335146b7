import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Bundle } from '../../../src/oci/bundle.ts';
import { ownCgroupPath } from '../../../src/oci/ownCgroup.ts';

describe('the cgroup that is a container’s own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-'));
  after(() => rmSync(directory, { recursive: true }));

  const pathFor = (config: string): string | undefined => {
    writeFileSync(join(directory, 'config.json'), config);
    return ownCgroupPath(new Bundle(directory), 'box');
  };
  const pathOf = (cgroupsPath: unknown): string | undefined =>
    pathFor(JSON.stringify({ linux: { cgroupsPath } }));

  test('ends in its id', () => {
    assert.equal(pathOf('/default/box'), '/default/box');
    assert.equal(pathOf('/kubepods/pod1/box'), '/kubepods/pod1/box');
  });

  test('is nothing else', () => {
    for (const path of ['/default/other', '/box/', '/', '', '/default/xbox', '/a/../b/box', 7]) {
      assert.equal(pathOf(path), undefined, String(path));
    }
    assert.equal(pathOf('system.slice:cri-containerd:box'), undefined);
    assert.equal(pathOf('default/box'), undefined, 'relative to the runtime’s own');
  });

  test('is not known without a config.json that can be read', () => {
    assert.equal(pathFor('{'), undefined);
    assert.equal(ownCgroupPath(new Bundle('/no/such/bundle'), 'box'), undefined);
  });
});
