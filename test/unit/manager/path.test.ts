import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { baseName, cleanPath, joinPath, parentDirectory } from '../../../src/manager/path.ts';

describe('path', () => {
  test('cleans as Go does', () => {
    const cases: [string, string][] = [
      ['', '.'],
      ['.', '.'],
      ['/', '/'],
      ['//', '/'],
      ['abc', 'abc'],
      ['abc/', 'abc'],
      ['abc//def', 'abc/def'],
      ['//abc//', '/abc'],
      ['abc/./def', 'abc/def'],
      ['/./abc', '/abc'],
      ['abc/def/..', 'abc'],
      ['abc/def/../..', '.'],
      ['/abc/def/../..', '/'],
      ['abc/def/../../..', '..'],
      ['/abc/def/../../..', '/'],
      ['../../abc', '../../abc'],
      ['/..', '/'],
      ['abc/../../def', '../def'],
      ['...', '...'],
    ];
    for (const [input, output] of cases) {
      assert.equal(cleanPath(input), output, input);
    }
  });

  test('joins as Go does', () => {
    const cases: [string[], string][] = [
      [[], ''],
      [[''], ''],
      [['', ''], ''],
      [['a', 'b'], 'a/b'],
      [['a', ''], 'a'],
      [['', 'a'], 'a'],
      [['/', 'a'], '/a'],
      [['/', ''], '/'],
      [['a/', '/b'], 'a/b'],
      [['a', '', 'b'], 'a/b'],
      [['/a', '../b'], '/b'],
      [['..', 'a'], '../a'],
    ];
    for (const [input, output] of cases) {
      assert.equal(joinPath(...input), output, JSON.stringify(input));
    }
  });

  test('parent and base', () => {
    assert.equal(parentDirectory('/a/b'), '/a');
    assert.equal(parentDirectory('/a/'), '/');
    assert.equal(parentDirectory('/'), '/');
    assert.equal(parentDirectory('a'), '.');
    assert.equal(baseName('/a/b'), 'b');
    assert.equal(baseName('b'), 'b');
  });
});
