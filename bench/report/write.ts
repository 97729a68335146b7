import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../test/support/paths.ts';
import type { BenchResult } from '../main.ts';
import { type Chart, type DrawBars, drawCharts } from './charts.ts';
import { fillDocument } from './document.ts';
import { toJson } from './json.ts';

const TEMPLATE = 'bench/report/performance.template.md';

/** Writes the files that the options ask for. */
export function writeReports(result: BenchResult, draw: DrawBars): void {
  const { json, svg, report } = result.options;
  if (json !== undefined) writeFileSync(json, toJson(result));
  const { date, processor } = result.machine;
  const charts = drawCharts(
    result.judgements,
    result.names,
    `Medians. ${date}, ${processor}`,
    draw,
  );
  if (svg !== undefined) writeCharts(svg, charts);
  if (report !== undefined) {
    writeCharts(join(report, 'charts'), charts);
    const template = readFileSync(join(repository, TEMPLATE), 'utf8');
    writeFileSync(join(report, 'performance.md'), fillDocument(template, result, charts));
  }
}

function writeCharts(directory: string, charts: readonly Chart[]): void {
  mkdirSync(directory, { recursive: true });
  for (const { name, svg } of charts) writeFileSync(join(directory, `${name}.svg`), svg);
}
