import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { multiply, parseUnsigned64, unlimited } from '../../../src/cgroup/unsigned64.ts';

describe('parseUnsigned64', () => {
  const cases: readonly (readonly [string, number | bigint | undefined])[] = [
    ['0', 0],
    ['42', 42],
    ['+7', 7],
    ['999999999999999', 999_999_999_999_999],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['18446744073709551615', unlimited],
    ['18446744073709551616', undefined],
    ['-1', 0],
    ['-9223372036854775809', 0],
    ['', undefined],
    ['max', undefined],
    ['1.5', undefined],
    ['0x10', undefined],
    ['1 2', undefined],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => assert.equal(parseUnsigned64(text), expected));
  }
});

test('a product stays exact and wraps at 64 bits', () => {
  assert.equal(multiply(3, 10), 30);
  assert.equal(
    multiply(9_007_199_254_740_991, 10_000_000),
    90_071_992_547_409_910_000_000n % 2n ** 64n,
  );
  assert.equal(multiply(2n ** 63n, 2), 0n);
});
