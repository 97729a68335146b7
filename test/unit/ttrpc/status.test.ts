import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  alreadyExists,
  Code,
  canceled,
  codeOf,
  failedPrecondition,
  notFound,
  StatusError,
  statusOf,
  unimplemented,
} from '../../../src/ttrpc/status.ts';

describe('errors by class', () => {
  test('have the text of the class exactly once', () => {
    assert.equal(notFound('container not created').message, 'container not created: not found');
    assert.equal(notFound('x: not found').message, 'x: not found');
    assert.equal(notFound().message, 'not found');
    assert.equal(notFound('not found').message, 'not found');
    assert.equal(alreadyExists('id x').message, 'id x: already exists');
    assert.equal(unimplemented('x').message, 'x: not implemented');
    assert.equal(canceled().message, 'context canceled');
    assert.equal(failedPrecondition('x').code, Code.FailedPrecondition);
  });
});

describe('the status of a failure', () => {
  test('is its own, or Unknown with the whole text', () => {
    const own = new StatusError(Code.Aborted, 'x');
    assert.equal(statusOf(own), own);
    const plain = statusOf(new TypeError('a: b'));
    assert.deepEqual([plain.code, plain.message], [Code.Unknown, 'a: b']);
    assert.equal(statusOf('text').message, 'text');
  });

  test('of a system error follows its errno', () => {
    const codes = { ENOENT: 5, EEXIST: 6, ENOTEMPTY: 6, EPERM: 7, EACCES: 7, EIO: 2 };
    for (const [code, expected] of Object.entries(codes)) {
      assert.equal(statusOf(Object.assign(new Error('x'), { code })).code, expected);
    }
  });

  test('has a code we know', () => {
    assert.equal(codeOf(5), Code.NotFound);
    for (const value of [-1, 17, 1.5, Number.NaN]) assert.equal(codeOf(value), Code.Unknown);
  });
});
