import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CancellationSource } from '../../../src/platform/cancellation.ts';
import { outlivingConnection } from '../../../src/task/lostCaller.ts';
import { canceled, deadlineExceeded } from '../../../src/ttrpc/status.ts';

describe('a call that outlives its connection', () => {
  test('goes on for a while when the connection is lost, and is then cancelled', async () => {
    const call = new CancellationSource();
    const told = new Promise<Error>((resolve) => {
      outlivingConnection(call, 20).onCancel(resolve);
    });
    let isTold = false;
    void told.then(() => {
      isTold = true;
    });
    call.cancel(canceled());
    await Promise.resolve();
    assert.equal(isTold, false);
    assert.equal((await told).message, canceled().message);
  });

  test('is cancelled at once by its deadline', () => {
    const call = new CancellationSource();
    const reasons: string[] = [];
    outlivingConnection(call, 3_600_000).onCancel(({ message }) => reasons.push(message));
    call.cancel(deadlineExceeded());
    assert.deepEqual(reasons, [deadlineExceeded().message]);
  });

  test('that nobody wants any more is cancelled when the connection is lost, and not before', () => {
    for (const order of ['lost first', 'unwanted first'] as const) {
      const call = new CancellationSource();
      const unwanted = new CancellationSource();
      const reasons: string[] = [];
      const patient = outlivingConnection(call, 3_600_000, unwanted);
      patient.onCancel(({ message }) => reasons.push(message));
      const sources = order === 'lost first' ? [call, unwanted] : [unwanted, call];
      for (const source of sources) {
        assert.deepEqual(reasons, [], order);
        source.cancel(canceled());
      }
      assert.deepEqual(reasons, [canceled().message], order);
    }
  });

  test('tells nobody who has taken the listener away, and knows that the caller has gone', async () => {
    const call = new CancellationSource();
    const patient = outlivingConnection(call, 1);
    const forget = patient.onCancel(() => assert.fail('told'));
    call.cancel(canceled());
    assert.equal(patient.cancelled, true);
    forget();
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
