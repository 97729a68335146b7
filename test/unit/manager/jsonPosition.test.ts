import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findJsonMistake } from '../../../src/manager/jsonPosition.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('position of a JSON mistake', () => {
  test('line, column and reason', () => {
    const cases: [string, number, number, string][] = [
      ['', 1, 1, 'text ends where a value should be'],
      ['{', 1, 2, 'text ends where a quoted key should be'],
      ['{\n  "a": 1,\n}', 3, 1, 'unexpected "}" where a quoted key should be'],
      ['{"a" 1}', 1, 6, 'unexpected "1" where \':\' should be'],
      ['{"a": }', 1, 7, 'unexpected "}" where a value should be'],
      ['[1 2]', 1, 4, "unexpected \"2\" where ',' or ']' should be"],
      ['[1,2', 1, 5, "text ends where ',' or ']' should be"],
      ['{"a": "b', 1, 9, 'string does not end'],
      ['{"a": "b\nc"}', 1, 9, 'bad character in string'],
      ['{} x', 1, 4, 'unexpected "x" where end of text should be'],
      ['{"a": nul}', 1, 7, 'unexpected "n" where a value should be'],
    ];
    for (const [text, line, column, reason] of cases) {
      assert.deepEqual(findJsonMistake(text), { line, column, reason }, text);
    }
  });

  test('finds nothing exactly where JSON.parse finds nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.equal(findJsonMistake(text), undefined);
      }),
    );
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '}', ',', '\\', '0'),
        (text, at, put) => {
          const cut = at % (text.length + 1);
          const broken = text.slice(0, cut) + put + text.slice(cut + 1);
          assert.equal(findJsonMistake(broken) === undefined, isJson(broken), broken);
        },
      ),
      { numRuns: 500 },
    );
  });
});
