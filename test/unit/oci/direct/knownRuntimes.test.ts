import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { KnownRuntimes, kindOfVersion } from '../../../../src/oci/direct/knownRuntimes.ts';
import { parseVersion } from '../../../../src/oci/runtimeQueries.ts';
import { Reaper } from '../../../../src/reaper/reaper.ts';
import { waitUntil } from '../../../support/waiting.ts';

const commands: string[] = [];
const reaper = new Reaper(undefined, (_pid, { argv }) => commands.push(argv.slice(1).join(' ')));
let directory: string;
let notes: string;

before(() => reaper.install());
after(() => reaper.uninstall());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podshim-runtimes-'));
  notes = join(directory, 'notes');
  commands.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

function runtimes(path: string = directory): KnownRuntimes {
  return new KnownRuntimes({ reaper, environment: [`PATH=${path}`], openFiles: undefined }, notes);
}

describe('which runtime a binary is', () => {
  test('its version decides', () => {
    const kind = (text: string): string => kindOfVersion(parseVersion(text));
    assert.equal(kind('runc version 1.1.5+ds1\ncommit: x\n'), 'runc');
    assert.equal(kind('runc version 1.5.0\n'), 'runc');
    assert.equal(kind('crun version 1.28\ncommit: x\n'), 'crun');
    assert.equal(kind('runc version 1.0.3\n'), 'unknown');
    assert.equal(kind('runc version 1.6.0\n'), 'unknown');
    assert.equal(kind('runc version 2.0.0\n'), 'unknown');
    assert.equal(kind('crun version 0.21\n'), 'unknown');
    assert.equal(kind('youki version 0.3.0\n'), 'unknown');
    assert.equal(kind(''), 'unknown');
  });

  test('is asked once, and noted for other servers', async () => {
    copyFileSync('/usr/sbin/runc', join(directory, 'runtime'));
    const first = runtimes();
    assert.equal(first.kindOf('runtime'), undefined);
    assert.equal(first.kindOf(join(directory, 'runtime')), undefined);
    await waitUntil('the answer', () => first.kindOf('runtime') === 'runc');
    assert.deepEqual(commands, ['--version']);
    assert.equal(runtimes().kindOf('runtime'), 'runc');
    assert.deepEqual(commands, ['--version']);
    const [note = ''] = readdirSync(notes);
    assert.equal(readFileSync(join(notes, note), 'utf8'), 'runc\n');
  });

  test('is asked again when the file is another', async () => {
    copyFileSync('/usr/sbin/runc', join(directory, 'runtime'));
    const known = runtimes();
    known.kindOf('runtime');
    await waitUntil('the answer', () => known.kindOf('runtime') === 'runc');
    rmSync(join(directory, 'runtime'));
    copyFileSync('/bin/true', join(directory, 'runtime'));
    assert.equal(known.kindOf('runtime'), undefined);
    await waitUntil('the other note', () => existsSync(notes) && readdirSync(notes).length === 2);
    assert.equal(known.kindOf('runtime'), undefined);
    assert.equal(commands.length, 2);
  });

  test('a script is not asked, and none', () => {
    const path = join(directory, 'runc');
    writeFileSync(path, '#!/bin/sh\nexec /usr/sbin/runc "$@"\n');
    chmodSync(path, 0o755);
    assert.equal(runtimes().kindOf('runc'), undefined);
    assert.deepEqual(commands, []);
  });

  test('what is not there is none', () => {
    assert.equal(runtimes().kindOf('nothing'), undefined);
    assert.equal(runtimes().kindOf('/nowhere/runc'), undefined);
    assert.deepEqual(commands, []);
  });

  test('notes in a directory of somebody else are neither read nor written', async () => {
    copyFileSync('/usr/sbin/runc', join(directory, 'runtime'));
    notes = join(directory, 'shared');
    const known = runtimes();
    known.kindOf('runtime');
    await waitUntil('the answer', () => known.kindOf('runtime') === 'runc');
    chmodSync(notes, 0o777);
    for (const name of readdirSync(notes)) writeFileSync(join(notes, name), 'crun\n');
    const other = runtimes();
    assert.equal(other.kindOf('runtime'), undefined);
    await waitUntil('its own answer', () => other.kindOf('runtime') === 'runc');
  });
});
