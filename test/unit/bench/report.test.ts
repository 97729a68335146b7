import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BenchResult } from '../../../bench/main.ts';
import { readOptions } from '../../../bench/options.ts';
import { drawCharts } from '../../../bench/report/charts.ts';
import { fillDocument } from '../../../bench/report/document.ts';
import { toJson } from '../../../bench/report/json.ts';
import { rows } from '../../../bench/rows.ts';
import { judge } from '../../../bench/support/judgement.ts';
import { Samples } from '../../../bench/support/samples.ts';
import { repository } from '../../support/paths.ts';

const NAMES = ['podshim', 'go'] as const;
const figures = rows.flatMap((row) => row.figures);

/** A run in which every figure has some rounds. */
function wholeRun(): BenchResult {
  const samples = new Samples();
  for (const { id, reference } of figures) {
    for (const round of [1, 2, 3]) {
      samples.add(id, 'podshim', 10 + round);
      samples.add(id, reference ?? 'go', 20 + round);
    }
  }
  const judgements = figures.flatMap((figure) => judge(figure, samples, NAMES) ?? []);
  const machine = {
    date: '2000-01-01 00:00 UTC',
    shims: ['podshim 1', 'go 2'],
    containerd: 'containerd 3',
    runtimes: ['runc 4'],
    system: 'a system',
    kernel: 'a kernel',
    processor: '2 × a processor',
    memory: '1 GiB',
    cgroups: 'cgroup v2',
  };
  const results = rows.map((row) => ({ row, seconds: 1, notes: ['A note.'], failure: undefined }));
  return { options: readOptions([]), machine, names: NAMES, results, judgements, samples };
}

test('no two figures and no two rows have the same name', () => {
  for (const names of [figures.map(({ id }) => id), rows.map(({ name }) => name)]) {
    assert.equal(new Set(names).size, names.length);
  }
});

test('the template can be filled in, and everything is in the document', () => {
  const template = readFileSync(join(repository, 'bench/report/performance.template.md'), 'utf8');
  const run = wholeRun();
  const charts = drawCharts(run.judgements, NAMES, '', () => '<svg/>');
  const text = fillDocument(template, run, charts);
  assert.doesNotMatch(text, /\{\{/);
  for (const { title } of figures) assert.ok(text.includes(title), title);
  for (const { sentence } of rows) assert.ok(text.includes(sentence), sentence);
  for (const { name } of charts) assert.ok(text.includes(`charts/${name}.svg`), name);
  for (const word of ['go 2', 'containerd 3', 'runc 4', 'a kernel', 'A note.']) {
    assert.ok(text.includes(word), word);
  }
});

test('a place in the template that has no meaning is an error', () => {
  assert.throws(() => fillDocument('{{nonsense}}', wholeRun(), []), /nonsense/);
});

test('each chart has one unit', () => {
  const units = new Map(figures.map(({ title, unit }) => [title.replaceAll('`', ''), unit]));
  drawCharts(wholeRun().judgements, NAMES, '', ({ title, series, rows: bars }) => {
    const found = new Set(bars.map(({ label }) => units.get(label)));
    if (series.length > 1) assert.equal(found.size, 1, `${title}: ${[...found].join(', ')}`);
    return '';
  });
});

test('where more is better the chart of ratios shows the inverse', () => {
  const run = wholeRun();
  const found: number[] = [];
  drawCharts(run.judgements, NAMES, '', ({ series, rows: bars }) => {
    const row = bars.find(({ label }) => label.startsWith('stdout: MB'));
    if (series.length === 1) found.push(row?.values[0] ?? 0);
    return '';
  });
  assert.deepEqual(
    found.map((value) => value.toFixed(3)),
    [(22 / 12).toFixed(3)],
  );
});

test('the JSON has every sample', () => {
  const { rows: told } = JSON.parse(toJson(wholeRun()));
  for (const { figures: toldFigures } of told) {
    for (const { samples } of toldFigures) assert.deepEqual(samples.podshim, [11, 12, 13]);
  }
  assert.equal(told.length, rows.length);
});

test('an option that is wrong is told', () => {
  assert.throws(() => readOptions(['--only', 'nothing']), /there is no row nothing/);
  assert.throws(() => readOptions(['--runtime', 'youki']), /runc or crun/);
  assert.throws(() => readOptions(['--rounds', '0']), /--rounds/);
});
