import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IdleWatch } from '../../../src/shim/idle.ts';

test('memory is given back once, after a time without activity', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let given = 0;
    const idle = new IdleWatch(() => {
      given += 1;
    }, 100);
    idle.touch();
    mock.timers.tick(60);
    idle.touch();
    mock.timers.tick(60);
    assert.equal(given, 0);
    mock.timers.tick(100);
    assert.equal(given, 1);
    mock.timers.tick(10_000);
    assert.equal(given, 1);
    idle.touch();
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
