import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentOpenFiles, inheritedOpenFiles } from '../../../src/posix/limits.ts';
import { shell } from './support.ts';

test('the current limit is that of /proc', async () => {
  const { soft, hard } = currentOpenFiles();
  const { output } = await shell('ulimit -Sn; ulimit -Hn');
  assert.equal(output, `${soft}\n${hard}\n`);
});

test('the inherited limit is never above the hard limit', () => {
  const { soft, hard } = inheritedOpenFiles();
  assert.ok(soft > 0 && soft <= hard);
  assert.equal(hard, currentOpenFiles().hard);
});
