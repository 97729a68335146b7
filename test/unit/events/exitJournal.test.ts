import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import {
  exitJournalPath,
  instantOf,
  readExitRecord,
  writeExitRecord,
} from '../../../src/events/exitJournal.ts';

describe('the exit journal', () => {
  let bundle: string;
  before(() => {
    bundle = mkdtempSync(join(tmpdir(), 'podshim-journal-'));
  });
  after(() => rmSync(bundle, { recursive: true, force: true }));

  test('what is written is read back, and the last record counts', () => {
    const path = exitJournalPath(bundle);
    const record = fc.record({
      pid: fc.integer({ min: 1, max: 2 ** 22 }),
      status: fc.integer({ min: 0, max: 255 }),
      exitedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }).map(instantOf),
      deleted: fc.boolean(),
    });
    fc.assert(
      fc.property(record, (written) => {
        writeExitRecord(path, written);
        assert.deepEqual(readExitRecord(path), { ...written });
      }),
      { numRuns: 50 },
    );
    assert.deepEqual(readdirSync(bundle), ['exit.json']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('a bundle that is gone is an error, and a torn record is none', () => {
    const record = { pid: 1, status: 0, exitedAt: instantOf(0), deleted: false };
    assert.throws(() => writeExitRecord(exitJournalPath(join(bundle, 'gone')), record), {
      code: 'ENOENT',
    });
    writeFileSync(exitJournalPath(bundle), '{"pid":12,"sta');
    assert.equal(readExitRecord(exitJournalPath(bundle)), undefined);
  });
});
