import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { idMapLines } from '../../../src/mount/idmap.ts';
import { parseMountOptions } from '../../../src/mount/options.ts';
import { compactOverlay, isOverlayTooLong } from '../../../src/mount/overlay.ts';

/** The table of the contract: the flag's bit, and whether the word sets it. */
const table: readonly (readonly [string, number, boolean])[] = [
  ['async', 16, false],
  ['bind', 4096, true],
  ['dev', 4, false],
  ['dirsync', 128, true],
  ['mand', 64, true],
  ['nodev', 4, true],
  ['noexec', 8, true],
  ['norelatime', 1 << 21, false],
  ['nosuid', 2, true],
  ['relatime', 1 << 21, true],
  ['ro', 1, true],
  ['strictatime', 1 << 24, true],
  ['sync', 16, true],
  ['atime', 1024, false],
  ['diratime', 2048, false],
  ['exec', 8, false],
  ['noatime', 1024, true],
  ['nodiratime', 2048, true],
  ['nomand', 64, false],
  ['nostrictatime', 1 << 24, false],
  ['rbind', 4096 | 16384, true],
  ['remount', 32, true],
  ['rw', 1, false],
  ['suid', 2, false],
];

describe('mount options', () => {
  test('each word sets or clears its flag, in list order, and is no data', () => {
    for (const [word, bit, sets] of table) {
      const alone = parseMountOptions([word]);
      assert.equal(alone.flags, sets ? bit : 0, word);
      assert.deepEqual(alone.data, []);
      const opposites = table.filter(([, otherBit, otherSets]) => otherBit === bit && !otherSets);
      for (const [opposite] of sets ? opposites : []) {
        assert.equal(parseMountOptions([word, opposite]).flags, 0);
        assert.equal(parseMountOptions([opposite, word]).flags, bit);
      }
    }
    assert.equal(parseMountOptions(['bind', 'ro', 'nosuid']).flags, 4096 | 1 | 2);
  });

  test('everything else is data, in order; also what looks like a flag elsewhere', () => {
    const words = ['defaults', 'rshared', 'size=1m', 'private', 'lowerdir=/a:/b', 'RO', ''];
    const parsed = parseMountOptions(['ro', ...words]);
    assert.deepEqual(parsed.data, words);
    assert.equal(parsed.flags, 1);
    const known = new Set([...table.map(([word]) => word), 'loop']);
    fc.assert(
      fc.property(fc.array(fc.string()), (options) => {
        const data = options.filter((option) => {
          return !known.has(option) && !/^(uidmap=|gidmap=|X-containerd\.)/.test(option);
        });
        assert.deepEqual(parseMountOptions(data).data, data);
      }),
    );
  });

  test('words for the one who mounts', () => {
    const parsed = parseMountOptions(['loop', 'uidmap=0:1:2', 'gidmap=3:4:5', 'direct-io', 'x']);
    assert.deepEqual(parsed, {
      flags: 0,
      data: ['x'],
      loop: true,
      uidMap: '0:1:2',
      gidMap: '3:4:5',
    });
    assert.deepEqual(parseMountOptions(['direct-io']).data, ['direct-io']);
    const long = `X-containerd.${'x'.repeat(10_000)}`;
    assert.throws(() => parseMountOptions([long]), /^Error: unsupported mount option .{200,300}$/);
    assert.throws(() => parseMountOptions(['ro', 'X-containerd.mkfs.size=1']), {
      message: 'unsupported mount option "X-containerd.mkfs.size=1"',
    });
  });

  test('ID maps', () => {
    assert.equal(idMapLines('0:1000:10'), '0 1000 10\n');
    assert.equal(idMapLines('0:1000:10,10:5:1'), '0 1000 10\n10 5 1\n');
    for (const map of ['', '0', '0:1', '0:1:2:3', '0:1:x', '0:1:2,', '-1:0:1']) {
      assert.throws(() => idMapLines(map), /invalid ID mapping/, map);
    }
  });
});

describe('overlays with many layers', () => {
  const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';

  test('the limit counts the options without commas', () => {
    assert.equal(isOverlayTooLong(['x'.repeat(3583)]), false);
    assert.equal(isOverlayTooLong(['x'.repeat(3583), 'y']), true);
    assert.equal(isOverlayTooLong(['ü'.repeat(1792)]), true);
  });

  test('the longest common directory is taken off', () => {
    const lower = [1, 12, 123].map((id) => `${snapshots}/${id}/fs`).join(':');
    const options = ['index=off', `lowerdir=${lower}`, 'upperdir=/u', 'workdir=/w'];
    assert.deepEqual(compactOverlay(options), {
      directory: snapshots,
      options: ['index=off', 'lowerdir=1/fs:12/fs:123/fs', 'upperdir=/u', 'workdir=/w'],
    });
  });

  test('names that only begin alike have no directory in common below the one they lie in', () => {
    assert.equal(compactOverlay(['lowerdir=/a/bc:/a/bd'])?.directory, '/a');
    assert.deepEqual(compactOverlay(['lowerdir=/a/b/c:/a/b'])?.options, ['lowerdir=b/c:b']);
  });

  test('nothing to gain', () => {
    for (const lower of ['/a/b', '/a:/b', '/a/b:c', '/a\\:b/c:/a\\:b/d']) {
      assert.equal(compactOverlay([`lowerdir=${lower}`]), undefined, lower);
    }
    assert.equal(compactOverlay(['upperdir=/u']), undefined);
  });

  test('a colon in a name stays in it', () => {
    assert.deepEqual(compactOverlay(['lowerdir=/a/b\\:c:/a/d'])?.options, ['lowerdir=b\\:c:d']);
  });

  test('the directory and the relative names give the same paths again', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 });
    const path = fc
      .array(name, { minLength: 1, maxLength: 5 })
      .map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.array(path, { minLength: 2 }), (paths) => {
        const compacted = compactOverlay([`lowerdir=${paths.join(':')}`]);
        if (compacted === undefined) return;
        const [lower] = compacted.options;
        const relative = lower?.slice('lowerdir='.length).split(':') ?? [];
        assert.deepEqual(
          relative.map((part) => `${compacted.directory}/${part}`),
          paths,
        );
      }),
    );
  });
});
