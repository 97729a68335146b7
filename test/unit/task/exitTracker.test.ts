import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exit } from '../../../src/reaper/exit.ts';
import { ExitTracker } from '../../../src/task/exits.ts';

const PID = 5_000_000;
const WRITTEN_AT = 1000;

/** A start whose pid file is written at WRITTEN_AT; `before` and `after` are the times of exits around its claim. */
function claim(input: { before: readonly number[]; held: boolean; after: readonly number[] }) {
  const tracker = new ExitTracker(() => input.held);
  const owned: number[] = [];
  const deliver = (at: number): void => {
    const exit: Exit = { pid: PID, status: 0, at, ofCommand: false };
    tracker.deliver(exit);
  };
  const collector = tracker.collect();
  for (const at of input.before) deliver(at);
  tracker.claim(
    PID,
    () => WRITTEN_AT,
    collector,
    ({ at }) => owned.push(at),
  );
  collector.close();
  for (const at of input.after) deliver(at);
  return owned;
}

describe('the exit of a process that was just started', () => {
  test('comes later', () => {
    assert.deepEqual(claim({ before: [], held: true, after: [1500, 1600] }), [1500]);
  });

  test('came already', () => {
    assert.deepEqual(claim({ before: [1100], held: false, after: [] }), [1100]);
  });

  test('came before the runtime wrote the pid file', () => {
    assert.deepEqual(claim({ before: [999], held: false, after: [] }), [999]);
  });

  test('is not that of a stranger who held the pid before', () => {
    assert.deepEqual(claim({ before: [900], held: true, after: [1500] }), [1500]);
    assert.deepEqual(claim({ before: [900, 999], held: false, after: [] }), [999]);
    assert.deepEqual(claim({ before: [900, 1100], held: true, after: [] }), [1100]);
  });
});
