import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isAtOrBelow, parseMountinfo, readMounts } from '../../../src/mount/mountinfo.ts';
import { canonicalPath, joinBelow } from '../../../src/mount/path.ts';

describe('mountinfo', () => {
  test('fields, with any number of optional ones, and octal escapes', () => {
    const text = [
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue',
      '37 35 0:5 / /a\\040b\\011c\\012d\\134e ro - tmpfs a\\040b rw',
      '38 35 0:6 / / rw - overlay overlay rw,lowerdir=/x',
      '',
    ].join('\n');
    assert.deepEqual(parseMountinfo(text), [
      {
        id: 36,
        mountPoint: '/mnt2',
        options: ['rw', 'noatime'],
        fileSystem: 'ext3',
        source: '/dev/root',
      },
      { id: 37, mountPoint: '/a b\tc\nd\\e', options: ['ro'], fileSystem: 'tmpfs', source: 'a b' },
      { id: 38, mountPoint: '/', options: ['rw'], fileSystem: 'overlay', source: 'overlay' },
    ]);
  });

  test('nothing throws, whatever the text is', () => {
    const word = fc.constantFrom('36', '-', '/', '\\040', '\\9', ' ', '\n', 'rw', '');
    fc.assert(fc.property(fc.array(word), (words) => void parseMountinfo(words.join(' '))));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseMountinfo(text)));
  });

  test('the own mounts have /proc among them', () => {
    assert.equal(readMounts().find((entry) => entry.mountPoint === '/proc')?.fileSystem, 'proc');
  });

  test('below means: after a slash', () => {
    assert.ok(isAtOrBelow('/a/b', '/a/b'));
    assert.ok(isAtOrBelow('/a/b/c', '/a/b'));
    assert.ok(!isAtOrBelow('/a/bc', '/a/b'));
    assert.ok(!isAtOrBelow('/a', '/a/b'));
    assert.ok(isAtOrBelow('/a', '/'));
  });
});

describe('paths', () => {
  let root = '';
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'podshim-path-')));
    mkdirSync(join(root, 'real/deep'), { recursive: true });
    symlinkSync('/real', join(root, 'absolute'));
    symlinkSync('../../../../real', join(root, 'real/up'));
    symlinkSync('/etc/passwd', join(root, 'outside'));
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('real/deep', join(root, 'relative'));
  });
  after(() => rmSync(root, { recursive: true }));

  test('joined below a root, no link and no .. leads out of it', () => {
    const expectations = {
      '': '',
      '.': '',
      '/': '',
      real: '/real',
      '../..': '',
      '../../etc/passwd': '/etc/passwd',
      '/absolute/deep': '/real/deep',
      'real/up/deep/../x': '/real/x',
      outside: '/etc/passwd',
      'relative/..': '/real',
      'not/there//yet': '/not/there/yet',
    };
    for (const [path, expected] of Object.entries(expectations)) {
      assert.equal(joinBelow(root, path), root + expected, path);
    }
    assert.throws(() => joinBelow(root, 'loop/x'), /failed to join path "loop\/x".*too many links/);
  });

  test('canonical', () => {
    assert.equal(canonicalPath(join(root, 'relative')), join(root, 'real/deep'));
    assert.equal(canonicalPath(`${root}/real/./../real`), join(root, 'real'));
    assert.throws(() => canonicalPath(join(root, 'missing')), { code: 'ENOENT' });
  });
});
