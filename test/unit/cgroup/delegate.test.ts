import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CgroupV2 } from '../../../src/cgroup/cgroup.ts';
import { enableControllers } from '../../../src/cgroup/delegate.ts';
import { isUnified } from '../../../src/cgroup/mode.ts';
import { skipFor } from '../../support/skipping.ts';
import { type Files, withDirectory } from './fixture.ts';
import { makeCgroup, memoryMount } from './machine.ts';

const onlyV2 = isUnified()
  ? undefined
  : 'controllers are enabled by file only in cgroup v2 (npm run cgroup2)';

const tree: Files = {
  'cgroup.controllers': 'cpu io memory pids\n',
  'cgroup.subtree_control': 'cpu memory\n',
  'pod/cgroup.subtree_control': 'pids memory cpu io\n',
  'pod/one/cgroup.subtree_control': '',
  'pod/one/leaf/cgroup.subtree_control': '',
};

function enable(files: Files, path: string, prepare: (root: string) => void = () => {}) {
  return withDirectory(files, (root) => {
    prepare(root);
    const errors: string[] = [];
    const cgroup = new CgroupV2(root, `${root}${path}`);
    enableControllers(cgroup, (error) => errors.push(error.message.replaceAll(root, '')));
    const control = (directory: string) => {
      return readFileSync(`${root}${directory}/cgroup.subtree_control`, 'utf8');
    };
    return { errors, root: control(''), pod: control('/pod'), leaf: control('/pod/one/leaf') };
  });
}

describe('enableControllers', () => {
  test('writes where a controller is missing, from the root to the parent', () => {
    const after = enable(tree, '/pod/one/leaf');
    assert.deepEqual(after.errors, []);
    assert.equal(after.root, '+cpu +io +memory +pids');
    assert.equal(after.pod, 'pids memory cpu io\n');
    assert.equal(after.leaf, '');
  });

  test('an error on the way does not count', () => {
    const block = (root: string) => mkdirSync(`${root}/middle/leaf`, { recursive: true });
    const files = { ...tree, 'middle/leaf/cgroup.subtree_control': '' };
    assert.deepEqual(enable(files, '/middle/leaf/container', block).errors, []);
  });

  test('an error on the last one is reported', () => {
    const { errors } = enable(tree, '/missing/container');
    assert.equal(errors.length, 1);
    const expected =
      'failed to write subtree controllers [cpu io memory pids] to "/missing/cgroup.subtree_control": ';
    assert.ok(errors[0]?.startsWith(expected), errors[0]);
    assert.ok(errors[0]?.endsWith('no such file or directory'), errors[0]);
  });

  test('the root cgroup has no ancestors', () => {
    assert.equal(enable(tree, '').root, 'cpu memory\n');
  });

  test('a mount without a list of controllers is reported', () => {
    const { 'cgroup.controllers': _, ...rest } = tree;
    const { errors } = enable(rest, '/pod/one');
    assert.equal(errors.length, 1);
  });

  test('gives a real cgroup the files of all controllers', skipFor(onlyV2), () => {
    const { directories, remove } = makeCgroup([memoryMount() ?? '']);
    const pod = directories[0] ?? '';
    mkdirSync(`${pod}/container`);
    try {
      assert.equal(existsSync(`${pod}/container/memory.events`), false);
      const cgroup = new CgroupV2(memoryMount() ?? '', `${pod}/container`);
      enableControllers(cgroup, assert.fail);
      assert.equal(existsSync(`${pod}/container/memory.events`), true);
      assert.equal(readFileSync(`${pod}/container/cgroup.subtree_control`, 'utf8'), '');
    } finally {
      rmdirSync(`${pod}/container`);
      remove();
    }
  });
});
