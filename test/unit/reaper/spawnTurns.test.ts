import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SpawnTurns } from '../../../src/reaper/spawnTurns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns of spawning', () => {
  test('whoever comes alone does not wait', async () => {
    const turns = new SpawnTurns();
    for (let count = 0; count < 3; count += 1) {
      assert.equal(turns.take(), undefined);
      await nextTurn();
      await nextTurn();
    }
  });

  test('of those who come at once each leaves a turn to everybody else, first come first served', async () => {
    const turns = new SpawnTurns();
    const served: { caller: number; turn: number }[] = [];
    let turn = 0;
    const callers = Array.from({ length: 50 }, async (_, caller) => {
      await turns.take();
      served.push({ caller, turn });
    });
    assert.equal(turns.waiting, 49);
    while (served.length < 50) {
      await nextTurn();
      turn += 1;
    }
    await Promise.all(callers);
    assert.deepEqual(
      served.map(({ caller }) => caller),
      [...served.keys()],
    );
    // The first two may see the same number: it is counted up at the end of a turn.
    const later = served.slice(1).map((one) => one.turn);
    assert.equal(new Set(later).size, later.length);
    assert.equal(turns.waiting, 0);
  });

  test('who waits in one turn does not keep others from asking in the next', async () => {
    const turns = new SpawnTurns();
    assert.equal(turns.take(), undefined);
    const second = turns.take();
    assert.notEqual(second, undefined);
    await nextTurn();
    const third = turns.take();
    assert.notEqual(third, undefined);
    await Promise.all([second, third]);
    assert.equal(turns.waiting, 0);
  });
});
