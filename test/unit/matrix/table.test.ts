import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CellResult, Column, Row } from '../../matrix/cell.ts';
import { readOptions } from '../../matrix/options.ts';
import { isWanted } from '../../matrix/runRows.ts';
import { formatReasons, formatTable } from '../../matrix/table.ts';

const column = (name: string): Column => ({ name, run: async () => {} });
const row = (id: string, title: string, ...names: string[]): Row => ({
  id,
  title,
  columns: names.map(column),
});
const result = (id: string, name: string, more: Partial<CellResult>): CellResult => ({
  ...{ row: id, column: name, outcome: 'passed', seconds: 1, reason: '', notes: [], logs: '/logs' },
  ...more,
});

describe('the table of the matrix', () => {
  const rows = [row('a', 'A 1.0', 'run', 'delete'), row('b', 'Longer 2.0', 'run', 'stop')];
  const results = [
    result('a', 'run', {}),
    result('a', 'delete', { outcome: 'failed', reason: 'a mount is left' }),
    result('b', 'run', { outcome: 'skipped', reason: 'the kernel cannot' }),
  ];

  test('has a heading per set of columns, and a dash for what was not run', () => {
    assert.equal(
      formatTable(rows, results),
      [
        '            run    delete',
        'A 1.0       ok     RED',
        '',
        '            run    stop',
        'Longer 2.0  skip   -',
      ].join('\n'),
    );
  });

  test('gives the reason of each cell that did not pass, and the logs of red ones', () => {
    assert.equal(
      formatReasons(results),
      'RED a/delete: a mount is left\n    /logs\nskip b/run: the kernel cannot',
    );
  });
});

describe('the options of the matrix', () => {
  const wanted = (...words: string[]) => {
    const options = readOptions(words.flatMap((word) => ['--only', word]));
    return ['1.6', '1.6-crun'].flatMap((id) =>
      ['run', 'restart']
        .filter((name) => isWanted(options, row(id, id), column(name)))
        .map((name) => `${id}/${name}`),
    );
  };

  test('--only takes rows and cells', () => {
    assert.deepEqual(wanted(), ['1.6/run', '1.6/restart', '1.6-crun/run', '1.6-crun/restart']);
    assert.deepEqual(wanted('1.6-crun'), ['1.6-crun/run', '1.6-crun/restart']);
    assert.deepEqual(wanted('1.6/restart', '1.6-crun/run'), ['1.6/restart', '1.6-crun/run']);
    assert.deepEqual(wanted('1.6/re'), []);
  });

  test('an unknown runtime is refused', () => {
    assert.throws(() => readOptions(['--runtime', 'io.containerd.nosuch.v1']));
    assert.equal(readOptions(['--runtime', 'io.containerd.runc.v2']).goShim, true);
  });
});
