import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskExit } from '../../../src/proto/messages.ts';
import { type PhaseReport, shortcomings } from '../../soak/phase.ts';
import { ExitLedger } from '../../soak/support/exitLedger.ts';
import { EventSink, type SinkEvent } from '../../support/eventSink.ts';

const figures = { memory: 1000, descriptors: 10, threads: 4 };
const good: PhaseReport = {
  ...{ seconds: 1, processorMilliseconds: 1, idle: figures, before: figures, peak: figures },
  ...{ after: figures, zombies: 0, exitsExpected: 5, exitsTold: 5, faults: [], notes: [] },
  ...{ samples: [], axis: 'seconds' },
};

describe('a phase of the soak test', () => {
  test('is passed when it ends as it began', () => {
    assert.deepEqual(shortcomings(good), []);
    assert.deepEqual(shortcomings({ ...good, after: { ...figures, memory: 1100 } }), []);
  });

  test('is not passed with more memory, a descriptor, a zombie, an exit that is missing', () => {
    const leaks: readonly Partial<PhaseReport>[] = [
      { after: { ...figures, memory: 1101 } },
      { after: { ...figures, descriptors: 11 } },
      { zombies: 1 },
      { exitsTold: 4 },
      { faults: ['something'] },
    ];
    for (const leak of leaks) assert.equal(shortcomings({ ...good, ...leak }).length, 1);
  });
});

describe('the ledger of exits', () => {
  function ledgerOf(...exits: readonly (readonly [id: string, status: number])[]): ExitLedger {
    const sink = new EventSink('/nowhere');
    const ledger = new ExitLedger(sink);
    for (const id of ['one', 'two']) ledger.expect('c1', id, 7);
    for (const [execId, exitStatus] of exits) void sink.receive(exitEvent(execId, exitStatus));
    return ledger;
  }

  function exitEvent(execId: string, exitStatus: number): SinkEvent {
    const value = TaskExit.encode({ containerId: 'c1', id: execId, exitStatus }).finish().slice();
    const typeUrl = TaskExit.fullName;
    const common = { topic: '/tasks/exit', namespace: 'n', stampedAt: 1 };
    return { ...common, typeUrl, value, containerId: 'c1', execId };
  }

  test('balances when each was told once', async () => {
    assert.deepEqual(await ledgerOf(['two', 7], ['one', 7]).settle(0), []);
    assert.deepEqual(ledgerOf(['two', 7], ['one', 7]).order, ['c1/two', 'c1/one']);
  });

  test('names what is missing, told twice, told wrong, or nobody’s', async () => {
    assert.match(String(await ledgerOf(['one', 7]).settle(0)), /never told: c1\/two/);
    const twice = ledgerOf(['one', 7], ['two', 7], ['one', 7]);
    assert.match(String(await twice.settle(0)), /more than once: c1\/one/);
    const wrong = ledgerOf(['one', 7], ['two', 8]);
    assert.match(String(await wrong.settle(0)), /ended with 7 and was told as 8/);
    const strange = ledgerOf(['one', 7], ['two', 7], ['three', 7]);
    assert.match(String(await strange.settle(0)), /exit of c1\/three, which nobody expects/);
  });
});
