import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { errnoCode, errnoText } from '../../../src/posix/errno.ts';

describe('an error number', () => {
  test('has its name and the text that Go prints', () => {
    assert.equal(errnoCode(2), 'ENOENT');
    assert.equal(errnoText(2), 'no such file or directory');
  });

  test('is found where it is the first, the last, or the end of another', () => {
    assert.equal(errnoText(1), 'operation not permitted');
    assert.equal(errnoText(133), 'memory page has hardware error');
    assert.equal(errnoCode(33), 'EDOM');
    assert.equal(errnoText(132), 'operation not possible due to RF-kill');
  });

  test('that is unknown is told as a number', () => {
    for (const errno of [0, 41, 4711, -2]) {
      assert.equal(errnoCode(errno), `errno ${errno}`);
      assert.equal(errnoText(errno), `errno ${errno}`);
    }
  });

  test('has the name that the runtime knows', () => {
    const aliases = new Set(['EWOULDBLOCK', 'ENOTSUP', 'EOPNOTSUPP', 'EDEADLOCK']);
    for (const [name, errno] of Object.entries(constants.errno)) {
      if (!aliases.has(name)) assert.equal(errnoCode(errno), name);
    }
  });
});
