import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { lastErrorMessage, readLastError } from '../../../src/oci/runtimeLog.ts';

const line = (level: string, msg: string): string => JSON.stringify({ level, msg, time: 't' });

describe('the log of the OCI runtime', () => {
  test('the last record with level error counts, wherever it is', () => {
    assert.equal(lastErrorMessage(''), '');
    assert.equal(lastErrorMessage(`${line('info', 'a')}\n`), '');
    assert.equal(lastErrorMessage(`${line('error', 'a')}\n${line('warning', 'b')}\n`), 'a');
    assert.equal(lastErrorMessage(`${line('error', 'a')}\n${line('error', 'b')}\n`), 'b');
    assert.equal(lastErrorMessage(line('error', 'a') + line('error', 'b')), 'b');
    assert.equal(lastErrorMessage(JSON.stringify(JSON.parse(line('error', 'a')), null, 2)), 'a');
    assert.equal(
      lastErrorMessage(line('error', ' {"level":"error"} }{ \\" \n ')),
      '{"level":"error"} }{ \\"',
    );
  });

  test('a half record and plain lines do not hide the error', () => {
    const error = line('error', 'x');
    assert.equal(lastErrorMessage(`{"level":"err\n${error}\n`), 'x');
    assert.equal(lastErrorMessage(`${error}\n{"level":"er`), 'x');
    assert.equal(lastErrorMessage(`{"a":{\n${error}\n`), 'x');
    assert.equal(lastErrorMessage(`panic: {oops\ngoroutine 1\n${error}\n`), 'x');
    assert.equal(lastErrorMessage(`${error}\n}}}\n`), 'x');
  });

  test('without an error, what is no record is a defect', () => {
    assert.throws(() => lastErrorMessage('boom'), {
      message: "invalid character 'b' looking for beginning of value",
    });
    assert.throws(() => lastErrorMessage('{"level":"er'), { message: 'unexpected EOF' });
    assert.throws(() => lastErrorMessage('{"level":x}'));
  });

  test('any records: the last error is found', () => {
    const records = fc.array(
      fc.record({
        level: fc.constantFrom('error', 'info', 'warning', 'fatal'),
        msg: fc.string({ unit: 'binary' }),
      }),
    );
    const separators = fc.constantFrom('', '\n', '\r\n', ' \n\n');
    fc.assert(
      fc.property(records, separators, (list, separator) => {
        const text = list.map((record) => JSON.stringify(record) + separator).join('');
        const expected = list.findLast((record) => record.level === 'error')?.msg.trim() ?? '';
        assert.equal(lastErrorMessage(text), expected);
      }),
    );
  });

  test('an error is found behind any line of garbage', () => {
    const garbage = fc.string({
      unit: fc.constantFrom('{', '}', '"', '\\', ':', 'a', ' ', '[', '\n'),
    });
    fc.assert(
      fc.property(garbage, (noise) => {
        assert.equal(lastErrorMessage(`${noise}\n${line('error', 'found')}\n`), 'found');
      }),
      { numRuns: 500 },
    );
  });

  test('anything at all is answered or refused, in time that grows with its length', () => {
    const parse = (text: string): void => {
      try {
        lastErrorMessage(text);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    };
    fc.assert(fc.property(fc.string({ unit: 'binary' }), parse));
    for (const unit of ['{', '{\n', '"', '{"', '[{', '}', '{}\n', 'x\n'])
      parse(unit.repeat(100_000));
  });
});

describe('reading the log', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-log-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('only what was added since counts; a log that shrank counts from its start', () => {
    const path = join(directory, 'log.json');
    const first = `${line('error', 'old')}\n`;
    writeFileSync(path, first);
    assert.equal(readLastError(path, 0), 'old');
    assert.equal(readLastError(path, first.length), '');
    writeFileSync(path, `${first}${line('error', 'new')}\n`);
    assert.equal(readLastError(path, first.length), 'new');
    assert.equal(readLastError(path, 1_000_000), 'new');
  });

  test('a log of many megabytes: its end is enough', () => {
    const path = join(directory, 'long.json');
    const filler = `${line('warning', 'ü'.repeat(1000))}\n`.repeat(4000);
    writeFileSync(path, `${filler}${line('error', 'at the end')}\n`);
    assert.equal(readLastError(path, 0), 'at the end');
    writeFileSync(path, filler);
    assert.equal(readLastError(path, 0), '');
    assert.equal(readLastError(path, filler.length / 2), '');
  });

  test('a missing log is an error in the words of Go', () => {
    const path = join(directory, 'missing');
    assert.throws(() => readLastError(path, 0), {
      message: `open ${path}: no such file or directory`,
    });
  });
});
