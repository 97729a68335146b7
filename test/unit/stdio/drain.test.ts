import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Drain } from '../../../src/stdio/drain.ts';

const FOR_EVER = 2 ** 30;

describe('the output of a dead process', () => {
  test('is drained when all of it has ended', async () => {
    const drain = new Drain(2, () => 0);
    const waiting = drain.wait(FOR_EVER);
    drain.ended();
    drain.ended();
    assert.equal(await waiting, true);
    assert.equal(await drain.wait(FOR_EVER), true);
  });

  test('is given up when nothing moves', async () => {
    assert.equal(await new Drain(1, () => 17).wait(FOR_EVER), false);
  });

  test('is through when more has come than a pipe holds: the rest is of children', async () => {
    let moved = 0;
    const drain = new Drain(1, () => {
      moved += 512 * 1024;
      return moved;
    });
    assert.equal(await drain.wait(FOR_EVER), false);
  });

  test('is given up when the time is up, however much moves', async () => {
    let moved = 0;
    const drain = new Drain(1, () => {
      moved += 1;
      return moved;
    });
    assert.equal(await drain.wait(150), false);
  });

  test('is given up when it is closed', async () => {
    const drain = new Drain(1, () => 0);
    const waiting = drain.wait(FOR_EVER);
    drain.close();
    assert.equal(await waiting, false);
  });
});
