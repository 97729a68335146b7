import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { HelperSettings } from '../../../src/mount/helper.ts';
import { isAtOrBelow, readMounts } from '../../../src/mount/mountinfo.ts';
import { mountRootfs, type RootfsMount } from '../../../src/mount/rootfs.ts';
import { unmountRecursive } from '../../../src/mount/unmount.ts';
import { useReaper } from '../oci/liveReaper.ts';

const root = process.getuid?.() === 0;

describe('mounting a root file system', { skip: !root }, () => {
  const reaper = useReaper();
  let directory = '';
  let target = '';
  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'podshim-mount-')));
    target = join(directory, 'rootfs');
    mkdirSync(target);
  });
  afterEach(async () => {
    await unmountRecursive(directory);
    assert.deepEqual(mountsHere(), []);
    rmSync(directory, { recursive: true });
  });

  const mountsHere = (): string[] =>
    readMounts()
      .map((entry) => entry.mountPoint)
      .filter((path) => isAtOrBelow(path, directory));
  const entry = (given: Partial<RootfsMount>): RootfsMount => {
    return { type: 'tmpfs', source: 'tmpfs', target: '', options: [], ...given };
  };
  const make = (name: string): string => {
    const path = join(directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  };

  test('flags and data reach the kernel', async () => {
    await mountRootfs([entry({ options: ['size=1m', 'noexec', 'nosuid', 'nodev'] })], target);
    const [mounted] = readMounts().filter(({ mountPoint }) => mountPoint === target);
    assert.equal(mounted?.fileSystem, 'tmpfs');
    for (const word of ['noexec', 'nosuid', 'nodev']) assert.ok(mounted?.options.includes(word));
    await unmountRecursive(target);
    assert.deepEqual(mountsHere(), []);
  });

  test('a read-only bind is read-only, its source is not', async () => {
    const source = make('source');
    writeFileSync(join(source, 'file'), 'x');
    const bind = entry({ type: 'bind', source, options: ['rbind', 'ro', 'nosuid'] });
    await mountRootfs([bind], target);
    assert.equal(readFileSync(join(target, 'file'), 'utf8'), 'x');
    assert.throws(() => writeFileSync(join(target, 'new'), ''), { code: 'EROFS' });
    writeFileSync(join(source, 'new'), '');
  });

  test('an overlay whose layers do not fit into a page of options', async () => {
    const layers = Array.from({ length: 120 }, (_, index) =>
      make(`snapshots/${'long-name-'.repeat(3)}${index}/fs`),
    );
    for (const [index, layer] of layers.entries()) writeFileSync(join(layer, `${index}`), '');
    const lowerdir = `lowerdir=${layers.join(':')}`;
    assert.ok(lowerdir.length > 4096);
    const options = [`workdir=${make('work')}`, `upperdir=${make('upper')}`, lowerdir];
    const before = process.cwd();
    // Still above a page when relative: the kernel's limit is told in the reference's words.
    const overlay = entry({ type: 'overlay', source: 'overlay', options });
    await assert.rejects(mountRootfs([overlay], target), { message: 'mount options is too long' });
    const fitting = `lowerdir=${layers.slice(0, 60).join(':')}`;
    assert.ok(fitting.length > 4096);
    const shorter = [...options.slice(0, 2), fitting];
    await mountRootfs([{ ...overlay, options: shorter }], target);
    assert.equal(readdirSync(target).length, 60);
    writeFileSync(join(target, 'written'), '');
    assert.ok(existsSync(join(directory, 'upper/written')));
    assert.equal(process.cwd(), before);
  });

  test('entries go on top of each other, and below: a link cannot lead out', async () => {
    const source = make('source/etc');
    symlinkSync('/', join(directory, 'source/out'));
    await mountRootfs(
      [
        entry({ type: 'bind', source: join(directory, 'source'), options: ['bind'] }),
        entry({ target: 'out/etc', options: ['size=1m'] }),
      ],
      target,
    );
    assert.deepEqual(mountsHere(), [target, join(target, 'etc')]);
    writeFileSync(join(target, 'etc/hidden'), '');
    assert.deepEqual(readdirSync(source), []);
  });

  test('when one fails, nothing stays mounted', async () => {
    make('rootfs/a');
    const mounts = [
      entry({ options: ['mode=0700'] }),
      entry({}),
      entry({ target: 'missing', options: [] }),
    ];
    await assert.rejects(mountRootfs(mounts, target), {
      message: `mount ${target}/missing: no such file or directory`,
    });
    assert.deepEqual(mountsHere(), []);
    const wrong = entry({ type: 'no-such-fs' });
    await assert.rejects(mountRootfs([entry({}), wrong], target), {
      message: `mount ${target}: no such device`,
    });
    assert.deepEqual(mountsHere(), []);
  });

  test('unmounting: everything at and below, stacked mounts too; what is busy is an error', async () => {
    await mountRootfs([entry({}), entry({})], target);
    mkdirSync(join(target, 'a/b'), { recursive: true });
    await mountRootfs([entry({}), entry({})], join(target, 'a/b'));
    const sibling = make('rootfs-2');
    await mountRootfs([entry({})], sibling);
    assert.equal(mountsHere().length, 5);
    await unmountRecursive(target);
    assert.deepEqual(mountsHere(), [sibling]);
    const link = join(directory, 'link');
    symlinkSync(sibling, link);
    writeFileSync(join(sibling, 'open'), '');
    const descriptor = openSync(join(sibling, 'open'), 'r');
    await assert.rejects(unmountRecursive(link), { code: 'EBUSY' });
    const patient = unmountRecursive(link);
    closeSync(descriptor);
    await patient;
    assert.deepEqual(mountsHere(), []);
    await unmountRecursive(sibling);
    await unmountRecursive(join(directory, 'missing'));
    await unmountRecursive('');
  });

  test('a file as a loop device, which is free again afterwards', async (context) => {
    const image = join(directory, 'image');
    writeFileSync(image, '');
    truncateSync(image, 4 * 1024 * 1024);
    try {
      execFileSync('mkfs.ext4', ['-q', image]);
      statSync('/dev/loop-control');
    } catch {
      context.skip('no mkfs.ext4, or no loop devices');
      return;
    }
    const loop = entry({ type: 'ext4', source: image, options: ['loop', 'ro'] });
    await mountRootfs([loop], target);
    assert.throws(() => writeFileSync(join(target, 'x'), ''), { code: 'EROFS' });
    const [mounted] = readMounts().filter(({ mountPoint }) => mountPoint === target);
    const name = (mounted?.source ?? '').slice('/dev/'.length);
    const backing = `/sys/block/${name}/loop/backing_file`;
    assert.equal(readFileSync(backing, 'utf8').trim(), image);
    await unmountRecursive(target);
    await mountRootfs([{ ...loop, options: ['loop'] }], target);
    writeFileSync(join(target, 'x'), 'y');
    await unmountRecursive(target);
    assert.ok(!existsSync(backing) || readFileSync(backing, 'utf8').trim() !== image);
    const refused = { ...loop, type: 'xfs', options: ['loop'] };
    await assert.rejects(mountRootfs([refused], target));
  });

  test('owners translated: a bind, and the layers of an overlay', async (context) => {
    const lower = make('lower');
    writeFileSync(join(lower, 'file'), '');
    chownSync(join(lower, 'file'), 5, 6);
    const maps = ['uidmap=0:100000:1000', 'gidmap=0:200000:1000'];
    const bind = entry({ type: 'bind', source: lower, options: ['rbind', ...maps] });
    try {
      await mountRootfs([bind], target);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('mount_setattr')) throw error;
      context.skip('the file system has no ID-mapped mounts');
      return;
    }
    const mapped = statSync(join(target, 'file'));
    assert.deepEqual([mapped.uid, mapped.gid], [100005, 200006]);
    await unmountRecursive(target);
    const layers = `lowerdir=${lower}:${make('other')}`;
    const options = [layers, `upperdir=${make('upper')}`, `workdir=${make('work')}`, ...maps];
    await mountRootfs([entry({ type: 'overlay', source: 'overlay', options })], target);
    const layered = statSync(join(target, 'file'));
    assert.deepEqual([layered.uid, layered.gid], [100005, 200006]);
    assert.deepEqual(mountsHere(), [target]);
    const wrong = { ...bind, options: ['bind', 'uidmap=0:1', 'gidmap=0:1:1'] };
    await assert.rejects(mountRootfs([wrong], target), /invalid ID mapping "0:1"/);
  });

  describe('with a FUSE helper', () => {
    const fuse = entry({ type: 'fuse3.sshfs', source: 'host:/', options: ['allow_other', 'x=1'] });
    const helpers = (): HelperSettings => {
      const path = `${join(directory, 'bin')}:${process.env.PATH ?? ''}`;
      return { reaper, environment: [`PATH=${path}`], openFiles: undefined };
    };
    const write = (name: string, code: string): void => {
      const path = join(make('bin'), name);
      writeFileSync(path, `#!/bin/sh\n${code}\n`);
      chmodSync(path, 0o755);
    };

    test('its arguments', async () => {
      write('mount.fuse3', `for word in "$@"; do echo "$word"; done > ${directory}/words`);
      await mountRootfs([fuse], target, helpers());
      assert.deepEqual(readFileSync(join(directory, 'words'), 'utf8').trim().split('\n'), [
        ...['host:/', target, '-o', 'allow_other', '-o', 'x=1', '-t', 'sshfs'],
      ]);
    });

    test('what a failing helper half mounts is taken away', async () => {
      write('mount.fuse3', `mount -t tmpfs none ${target}; echo cannot; exit 2`);
      await assert.rejects(mountRootfs([fuse], target, helpers()), {
        message: `mount helper [mount.fuse3 [host:/ ${target} -o allow_other -o x=… -t sshfs]] failed: "cannot\\n": exit status 2`,
      });
      assert.deepEqual(mountsHere(), []);
    });

    test('no such helper', async () => {
      const other = { ...fuse, type: 'fuse.nothing' };
      const none = { ...helpers(), environment: ['PATH=/nowhere'] };
      await assert.rejects(mountRootfs([other], target, none), /mount\.fuse .*not found in \$PATH/);
      await assert.rejects(mountRootfs([other], target), /fuse\.nothing: FUSE is not supported/);
    });
  });
});
