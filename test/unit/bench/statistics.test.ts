import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, quantile, ratioOfMedians, spreadOf } from '../../../bench/support/statistics.ts';

test('a quantile lies between its neighbours in proportion', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([10, 20, 30, 40, 50], 0.25), 20);
  assert.equal(quantile([0, 10], 0.3), 3);
  assert.deepEqual(spreadOf([5, 1, 3, 2, 4]), { median: 3, low: 2, high: 4, count: 5 });
});

test('samples without spread have a ratio without spread', () => {
  const { value, low, high } = ratioOfMedians([2, 2, 2], [4, 4, 4]);
  assert.deepEqual([value, low, high], [0.5, 0.5, 0.5]);
});

test('one round has a ratio, and no interval around it', () => {
  const { value, low, high } = ratioOfMedians([3], [4]);
  assert.deepEqual([value, low, high], [0.75, 0.75, 0.75]);
});

test('the interval holds the ratio and grows with the noise', () => {
  const round = (width: number) =>
    Array.from({ length: 21 }, (_, at) => 100 + width * ((at * 8) % 21));
  const steady = ratioOfMedians(round(0.1), round(0.1).toReversed());
  const noisy = ratioOfMedians(round(5), round(5).toReversed());
  for (const { value, low, high } of [steady, noisy]) {
    assert.ok(low <= value && value <= high);
  }
  assert.ok(noisy.high - noisy.low > 5 * (steady.high - steady.low));
});

test('what slows both shims in the same rounds does not widen the interval', () => {
  const slow = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 100 : 300));
  const ours = slow.map((value) => value * 0.5);
  const { value, low, high } = ratioOfMedians(ours, slow);
  assert.deepEqual([value, low, high], [0.5, 0.5, 0.5]);
});

test('the same samples give the same interval', () => {
  const [ours, theirs] = [
    [1, 5, 3, 8],
    [2, 7, 4, 4, 9],
  ];
  assert.deepEqual(
    ratioOfMedians(ours ?? [], theirs ?? []),
    ratioOfMedians(ours ?? [], theirs ?? []),
  );
});
