import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atMost, type Bar, type Figure, ratio } from '../../../bench/row.ts';
import { type Judgement, judge } from '../../../bench/support/judgement.ts';
import { Samples } from '../../../bench/support/samples.ts';

const STEADY = [100, 101, 99, 100, 100, 102, 98, 100, 101, 99];
const NOISY = [40, 190, 60, 150, 100, 30, 220, 90, 130, 70];

function judged(
  bars: readonly Bar[],
  ours: readonly number[],
  theirs: readonly number[],
  more: Partial<Figure> = {},
): Judgement {
  const figure: Figure = { id: 'f', title: 'f', unit: 'ms', better: 'lower', bars, ...more };
  const samples = new Samples();
  for (const value of ours) samples.add('f', 'a', value);
  for (const value of theirs) samples.add('f', figure.reference ?? 'b', value);
  const judgement = judge(figure, samples, ['a', 'b']);
  assert.ok(judgement !== undefined);
  return judgement;
}

const times = (factor: number, values: readonly number[]) => values.map((value) => value * factor);
const verdicts = ({ bars }: Judgement) => bars.map(({ verdict }) => verdict);

test('a ratio on the good side of its bar meets it, one on the other side misses it', () => {
  assert.deepEqual(verdicts(judged([ratio(0.9)], times(0.8, STEADY), STEADY)), ['met']);
  assert.deepEqual(verdicts(judged([ratio(0.9)], STEADY, STEADY)), ['missed']);
});

test('where more is better the bar is a lowest value', () => {
  const better = 'higher';
  assert.deepEqual(verdicts(judged([ratio(1)], times(2, STEADY), STEADY, { better })), ['met']);
  assert.deepEqual(verdicts(judged([ratio(1)], times(0.5, STEADY), STEADY, { better })), [
    'missed',
  ]);
});

test('noise around the bar hides the ratio', () => {
  const judgement = judged([ratio(0.9)], NOISY, NOISY.toReversed());
  assert.deepEqual(verdicts(judgement), ['noise']);
  assert.equal(judgement.hidden, true);
});

test('noise far from the bar hides nothing', () => {
  const judgement = judged([ratio(0.9)], times(0.01, NOISY), NOISY.toReversed());
  assert.deepEqual(verdicts(judgement), ['met']);
  assert.equal(judgement.hidden, false);
});

test('a bar may allow for a fixed amount', () => {
  const bar: Bar = { kind: 'ratioAndMore', limit: 1.5, more: 200 };
  assert.deepEqual(verdicts(judged([bar], times(3, STEADY), STEADY)), ['met']);
  assert.deepEqual(verdicts(judged([bar], times(4, STEADY), STEADY)), ['missed']);
});

test('a bar may be a value, beside a ratio', () => {
  const judgement = judged([ratio(0.9), atMost(90)], times(0.85, STEADY), times(0.9, STEADY));
  assert.deepEqual(verdicts(judgement), ['missed', 'met']);
});

test('a figure has its own reference where it names one', () => {
  const judgement = judged([ratio(1)], STEADY, times(2, STEADY), { reference: 'raw' });
  assert.equal(judgement.ratio?.value, 0.5);
});

test('without values of the reference there is no ratio, and no verdict on one', () => {
  const judgement = judged([ratio(1), atMost(200)], STEADY, []);
  assert.equal(judgement.ratio, undefined);
  assert.deepEqual(verdicts(judgement), ['noise', 'met']);
});

test('a value that is no number is refused', () => {
  assert.throws(() => new Samples().add('f', 'a', Number.NaN), /f of a is NaN/);
});
