import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../support/commands.ts';
import { Containerd } from '../support/containerd.ts';
import { shimBinary } from '../support/paths.ts';

describe('the binary copied alone under another name', () => {
  let containerd: Containerd;
  let copy: string;

  before(async () => {
    containerd = await Containerd.start();
    const directory = join(containerd.directory, 'elsewhere');
    mkdirSync(directory);
    copy = join(directory, 'containerd-shim-runc-v2');
    copyFileSync(shimBinary, copy);
  });
  after(async () => {
    await containerd.stop();
  });

  test('tells its version', async () => {
    const result = await runCommand(copy, ['-v']);
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /Version:/);
    assert.equal(result.stderr, '');
  });

  test('runs containers', async () => {
    assert.equal(existsSync(join(containerd.directory, 'elsewhere/podshim.node')), false);
    const id = containerd.newId('alone');
    const command = ['/bin/sh', '-c', 'echo ran; exit 42'];
    const flags = ['--rm', '--runtime', copy, ...containerd.fifoFlags()];
    const result = await containerd.ctr(
      'run',
      ...flags,
      '--rootfs',
      containerd.rootfs,
      id,
      ...command,
    );
    assert.deepEqual([result.status, result.stdout], [42, 'ran\n'], result.stderr);
  });

  test('does not read configuration of Bun from its working directory', async () => {
    const directory = join(containerd.directory, 'bundle');
    mkdirSync(directory);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(directory, 'bunfig.toml'), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(directory, 'evil.ts'), 'console.log("preloaded");\n');
    writeFileSync(join(directory, '.env'), 'PODSHIM_ADDON=/nonexistent\n');
    const result = await runCommand(copy, ['-v'], { directory });
    assert.equal(result.status, 0, result.stderr);
    assert.doesNotMatch(result.stdout, /preloaded/);
  });

  test('nothing is left', async () => {
    assert.deepEqual(await containerd.leftovers(), []);
  });
});
