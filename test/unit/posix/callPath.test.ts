import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from '../../support/paths.ts';

const directory = mkdtempSync(join(tmpdir(), 'podshim-call-'));
const program = join(directory, 'callPath');
const path = '/run/podshim/some/bundle/config.json';

before(() => {
  const native = join(repository, 'native');
  const parts = ['calls', 'output', 'lines', 'proc'].map((name) => join(native, `${name}.c`));
  const headers = join(repository, 'node_modules/node-api-headers/include');
  const words = ['-std=gnu11', '-D_GNU_SOURCE', '-DNAPI_VERSION=8', '-I', native, '-I', headers];
  const source = join(repository, 'test/unit/posix/callPath.c');
  execFileSync('cc', [...words, '-o', program, source, ...parts]);
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** What a report says of a call with the path, when so many of its characters are on a second page. */
function told(...words: string[]): string {
  return execFileSync(program, [path, ...words], { encoding: 'utf8' });
}

test('a path is told whole wherever it lies in memory', () => {
  for (const behind of ['0', '1', '10', String(path.length)]) {
    assert.match(told(behind), new RegExp(`^system call \\d+ openat "${path}"$`), behind);
  }
});

test('of a path that goes on where nothing can be read its beginning is told', () => {
  assert.match(
    told('4', 'unmapped'),
    /^system call \d+ openat "\/run\/podshim\/some\/bundle\/config\."$/,
  );
});
