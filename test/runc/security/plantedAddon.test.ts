import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { shimCommand } from '../../support/binary.ts';
import { type CommandResult, runCommand } from '../../support/commands.ts';
import { skipFor } from '../../support/skipping.ts';

const [binary = ''] = shimCommand();
const reason = binary === 'node' ? 'only the compiled binary carries its addon' : undefined;

/** Code that another user would like to run as root: it says so as soon as it is loaded. */
const EVIL = `
  #include <unistd.h>
  __attribute__((constructor)) static void run(void) { write(2, "PLANTED\\n", 8); }
`;

describe('the addon of a binary that was copied alone', skipFor(reason), () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-addon-'));
    copyFileSync(binary, join(directory, 'shim'));
    const words = ['-shared', '-fPIC', '-x', 'c', '-o', join(directory, 'evil'), '-'];
    execFileSync('cc', words, { input: EVIL });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /**
   * Runs a script that sees /run and /var/lib as empty directories of its own. `shim` runs the copy, which needs its
   * addon, \`layout\` only makes what it makes; \`hash\` is the name of the directory that it makes for this content.
   */
  function isolated(script: string, options = ''): Promise<CommandResult> {
    const lines = [
      'set -e',
      `mount -t tmpfs -o mode=755${options} none /run`,
      'mount -t tmpfs -o mode=755 none /var/lib',
      `shim() { ${directory}/shim -v >/dev/null; }`,
      'layout() { shim; hash=$(ls /run/podshim); file=/run/podshim/$hash/podshim.node; }',
      `evil=${directory}/evil`,
      'kept=/var/lib/podshim',
      script,
    ];
    return runCommand('unshare', ['-m', '--propagation', 'private', 'sh', '-c', lines.join('\n')]);
  }

  async function output(script: string, options?: string): Promise<string> {
    const { status, stdout, stderr } = await isolated(script, options);
    assert.doesNotMatch(stderr, /PLANTED/);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  const look = 'stat -c "%U %a %h %F" /run/podshim /run/podshim/$hash $file';
  const proper = 'root 700 3 directory\nroot 700 2 directory\nroot 500 1 regular file\n';

  test('says so when it is loaded: the trap of these tests works', async () => {
    const { stderr } = await isolated(
      `mkdir /run/beside; touch /run/beside/shim; mount --bind ${directory}/shim /run/beside/shim
       cp $evil /run/beside/podshim.node; /run/beside/shim -v`,
    );
    assert.match(stderr, /PLANTED/);
  });

  test('is unpacked to where only root can write, and stays', async () => {
    assert.equal(
      await output(`umask 0; layout; ${look}; stat -c %i $file > /run/i; shim
        [ $(stat -c %i $file) = $(cat /run/i) ] && echo same; ls -A $kept 2>/dev/null || echo none`),
      `${proper}same\nnone\n`,
    );
  });

  const plantedFiles = {
    'other code': 'cp $evil $file.new; mv $file.new $file',
    'a link to other code': 'ln -sf $evil $file',
    'a link to the right code in a place of another': 'cp $file /run/x; ln -sf /run/x $file',
    'the right code, owned by another, who may change it': 'chown nobody $file',
    'the right code, writable for others': 'chmod 722 $file',
    'the right code, with another name somewhere else': 'ln $file /run/elsewhere',
    'a cut file': 'truncate -s 1000 $file',
    'a FIFO': 'rm $file; mkfifo $file',
  };
  for (const [name, plant] of Object.entries(plantedFiles)) {
    test(`is unpacked again in place of ${name}`, async () => {
      const script = `layout; stat -c %i $file > /run/before; cp $file /run/right; ${plant}; shim; ${look}
        cmp $file /run/right && echo right`;
      assert.equal(await output(script), `${proper}right\n`);
    });
  }

  const plantedDirectories = {
    'belongs to another user': 'chown nobody /run/podshim',
    'can be written to by a group': 'chmod 770 /run/podshim',
    'can be written to by all, with the sticky bit': 'chmod 1777 /run/podshim',
    'is a link': 'mv /run/podshim /run/real; ln -s /run/real /run/podshim',
    'has one inside that belongs to another user': 'chown nobody /run/podshim/$hash',
    'has one inside that others can read': 'chmod 755 /run/podshim/$hash',
    'has a link inside': 'mv /run/podshim/$hash /run/real; ln -s /run/real /run/podshim/$hash',
  };
  for (const [name, plant] of Object.entries(plantedDirectories)) {
    test(`goes elsewhere when the directory ${name}`, async () => {
      const script = `layout; cp --remove-destination $evil $file; ${plant}; shim; stat -c "%U %a" $kept $kept/$hash`;
      assert.equal(await output(script), 'root 700\nroot 700\n');
    });
  }

  test('goes elsewhere when the file system forbids to run code', async () => {
    assert.match(await output('shim; ls $kept', ',noexec'), /^[0-9a-f]{64}\n$/);
  });

  test('is not loaded at all when there is no safe place', async () => {
    const script = 'layout; chown nobody /run/podshim; mkdir $kept; chmod 777 $kept; shim';
    const { status, stderr } = await isolated(script);
    assert.notEqual(status, 0);
    assert.doesNotMatch(stderr, /PLANTED/);
    assert.match(
      stderr,
      /\/run\/podshim is not a directory that only its owner.*\/var\/lib\/podshim is not/s,
    );
  });

  for (const place of ['/tmp', '/var/tmp', '/dev/shm']) {
    test(`is not taken from beside a binary that lies in ${place}, where anybody may put files`, async () => {
      // The copy of /tmp that hides the real one has to have the files in it.
      const script = `mkdir /run/saved; cp $evil /run/saved/evil; touch /run/saved/shim
        mount --bind ${directory}/shim /run/saved/shim
        mount -t tmpfs -o mode=1777 none ${place}; touch ${place}/shim
        mount --bind /run/saved/shim ${place}/shim; cp /run/saved/evil ${place}/podshim.node
        ${place}/shim -v > /dev/null; ls /run/podshim | wc -l`;
      assert.equal(await output(script), '1\n');
    });
  }

  test('nothing was made outside', () => {
    assert.equal(existsSync(join(directory, 'podshim.node')), false);
  });
});
