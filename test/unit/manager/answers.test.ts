import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { instantNow, parseExitRecord, parseInstant } from '../../../src/events/exitJournal.ts';
import { Deadline } from '../../../src/manager/deadline.ts';
import { encodeDeleteResponse } from '../../../src/manager/deleteResponse.ts';
import { scoreAbove } from '../../../src/manager/oomScore.ts';
import { runtimeSettings, serverEnvironment } from '../../../src/manager/serverEnvironment.ts';
import { DeleteResponse } from '../../../src/proto/messages.ts';

describe('exit record', () => {
  test('with and without the mark of a finished delete', () => {
    const text = '{"pid":7,"status":130,"exitedAt":"2026-11-21T12:00:00.5Z"';
    const expected = {
      pid: 7,
      status: 130,
      exitedAt: { seconds: Date.UTC(2026, 10, 21, 12) / 1000, nanos: 500_000_000 },
    };
    assert.deepEqual(parseExitRecord(`${text}}`), { ...expected, deleted: false });
    assert.deepEqual(parseExitRecord(`${text},"deleted":true}`), { ...expected, deleted: true });
  });

  test('is refused as a whole when any of it makes no sense', () => {
    const at = '"exitedAt":"2026-11-21T12:00:00Z"';
    for (const text of [
      '',
      'null',
      '[]',
      '{',
      `{"status":1,${at}}`,
      `{"pid":1,${at}}`,
      '{"pid":1,"status":1}',
      `{"pid":-1,"status":1,${at}}`,
      `{"pid":1,"status":256,${at}}`,
      `{"pid":1.5,"status":1,${at}}`,
      '{"pid":1,"status":1,"exitedAt":"yesterday"}',
      '{"pid":1,"status":1,"exitedAt":"2026-13-21T12:00:00Z"}',
    ]) {
      assert.equal(parseExitRecord(text), undefined, text);
    }
  });

  test('instants keep nine digits, in any zone', () => {
    assert.deepEqual(parseInstant('1970-01-01T01:00:00.000000001+01:00'), { seconds: 0, nanos: 1 });
    assert.deepEqual(parseInstant('1970-01-01T00:00:01Z'), { seconds: 1, nanos: 0 });
    assert.equal(parseInstant(1), undefined);
    const { seconds, nanos } = instantNow();
    assert.ok(Number.isInteger(seconds) && nanos >= 0 && nanos < 1e9 && Number.isInteger(nanos));
  });
});

describe('DeleteResponse', () => {
  test('agrees with protobufjs', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(255),
        fc.nat(4e9),
        fc.nat(999_999_999),
        (pid, exitStatus, seconds, nanos) => {
          assert.deepEqual(
            [...encodeDeleteResponse(pid, exitStatus, { seconds, nanos })],
            [...DeleteResponse.encode({ pid, exitStatus, exitedAt: { seconds, nanos } }).finish()],
          );
        },
      ),
    );
  });
});

describe('environment of the server', () => {
  const identity = { id: 'abc', ttrpcAddress: undefined, openFiles: 1024 };

  test('is the inherited one, with what the server needs and without what steers Bun', () => {
    const inherited = {
      PATH: '/bin',
      GOMAXPROCS: '2',
      TTRPC_ADDRESS: '/old',
      BUN_OPTIONS: '--preload=/evil',
      BUN_BE_BUN: '1',
      NOT_SET: undefined,
    };
    const environment = serverEnvironment(inherited, identity);
    const own = environment.filter((entry) => !entry.startsWith('BUN_'));
    assert.deepEqual(own.sort(), [
      'GOMAXPROCS=4',
      'OTEL_SERVICE_NAME=containerd-shim-abc',
      'PATH=/bin',
      'PODSHIM_NOFILE_SOFT=1024',
      'TTRPC_ADDRESS=/old',
    ]);
    assert.ok(!environment.some((entry) => /^BUN_(OPTIONS|BE_BUN)=/.test(entry)));
    const told = serverEnvironment(inherited, { ...identity, ttrpcAddress: '/new' });
    assert.ok(told.includes('TTRPC_ADDRESS=/new') && !told.includes('TTRPC_ADDRESS=/old'));
  });

  test('no limit of open files has a name', () => {
    const environment = serverEnvironment({}, { ...identity, openFiles: Number.POSITIVE_INFINITY });
    assert.ok(environment.includes('PODSHIM_NOFILE_SOFT=unlimited'));
  });

  test('settings go to the version they were tested with, and to no other', () => {
    assert.equal(runtimeSettings('bun', '1.4.5').length, 5);
    assert.deepEqual(runtimeSettings('bun', '1.4.6'), []);
    assert.deepEqual(runtimeSettings('node', '1.4.5'), []);
  });
});

describe('OOM score', () => {
  test('is one above the daemon, within the limits', () => {
    assert.deepEqual([-1000, -999, 0, 999, 1000].map(scoreAbove), [-999, -998, 1, 1000, 1000]);
  });
});

describe('deadline', () => {
  test('work that comes first wins, and failures pass through', async () => {
    const deadline = new Deadline(60_000);
    try {
      assert.equal(await deadline.reaches(Promise.resolve()), true);
      await assert.rejects(deadline.reaches(Promise.reject(new Error('no'))), /no/);
      assert.equal(deadline.cancelled, false);
    } finally {
      deadline.clear();
    }
  });

  test('otherwise it cancels', async () => {
    const deadline = new Deadline(1);
    const reasons: string[] = [];
    deadline.onCancel((reason) => reasons.push(reason.message));
    const forget = deadline.onCancel(() => reasons.push('forgotten'));
    forget();
    assert.equal(await deadline.reaches(new Promise(() => {})), false);
    assert.equal(deadline.cancelled, true);
    assert.deepEqual(reasons, ['not done after 1 ms']);
    assert.equal(await deadline.reaches(new Promise(() => {})), false);
  });
});
