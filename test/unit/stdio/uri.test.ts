import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseStdout } from '../../../src/stdio/uri.ts';

describe('stdout URI', () => {
  test('of a long one that is broken the error has only the beginning', () => {
    assert.throws(
      () => parseStdout(`:${'x'.repeat(100_000)}`),
      /^Error: unable to parse .{200,400}$/,
    );
    assert.throws(() => parseStdout(`${'x'.repeat(100_000)}:`), /^Error: unknown STDIO .{80,400}$/);
  });

  test('paths', () => {
    for (const path of ['', '/run/fifo/1-stdout', '/run/a:b?c=d#e', 'relative/path']) {
      assert.deepEqual(parseStdout(path), { kind: 'path', path });
    }
    assert.deepEqual(parseStdout('fifo:///run/x'), { kind: 'path', path: 'fifo:///run/x' });
  });

  test('files', () => {
    assert.deepEqual(parseStdout('file:///var/log/a%20b.log?x=1'), {
      kind: 'file',
      path: '/var/log/a b.log',
    });
    assert.deepEqual(parseStdout('FILE:/var/log/a'), { kind: 'file', path: '/var/log/a' });
  });

  test('logging binaries keep the order of their arguments and the first value of each', () => {
    assert.deepEqual(parseStdout('binary:///bin/log%67er?z=1&a&z=2&b=x+y%26&&c=;&d=%zz#f'), {
      kind: 'binary',
      logger: {
        path: '/bin/logger',
        arguments: ['z', '1', 'a', '', 'b', 'x y&'],
        strict: false,
      },
    });
    assert.deepEqual(parseStdout('binary-v2:///l'), {
      kind: 'binary',
      logger: { path: '/l', arguments: [], strict: true },
    });
  });

  test('what is refused', () => {
    assert.throws(() => parseStdout('ttrpc+unix:///s?streaming_id=1'), {
      message: 'unknown STDIO scheme ttrpc+unix',
    });
    assert.throws(() => parseStdout(':x'), {
      message: 'unable to parse stdout uri: parse ":x": missing protocol scheme',
    });
    assert.throws(() => parseStdout('file:///%zz'), {
      message: 'unable to parse stdout uri: parse "file:///%zz": invalid URL escape "%zz"',
    });
    assert.throws(() => parseStdout('file:///a\n'), /invalid control character in URL$/);
  });
});
