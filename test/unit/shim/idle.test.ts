import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IdleWatch } from '../../../src/shim/idle.ts';

test('memory is given back once, after a time without activity', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let given = 0;
    let begun = 0;
    const idle = new IdleWatch(
      () => {
        given += 1;
      },
      () => {
        begun += 1;
      },
      100,
    );
    idle.touch();
    mock.timers.tick(60);
    idle.touch();
    mock.timers.tick(60);
    assert.deepEqual([given, begun], [0, 1]);
    mock.timers.tick(100);
    assert.equal(given, 1);
    mock.timers.tick(10_000);
    assert.deepEqual([given, begun], [1, 1]);
    idle.touch();
    assert.equal(begun, 2);
    mock.timers.tick(100);
    assert.equal(given, 2);
    idle.touch();
    idle.close();
    mock.timers.tick(10_000);
    assert.equal(given, 2);
  } finally {
    mock.timers.reset();
  }
});
