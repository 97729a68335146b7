import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SoakOptions } from './options.ts';
import { type Phase, type PhaseReport, shortcomings } from './phase.ts';
import type { Figures } from './support/figures.ts';

/** scripts/chart/lines.mjs */
export type LineChart = (chart: {
  readonly title: string;
  readonly subtitle?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}) => string;

export interface PhaseResult {
  readonly phase: Phase;
  readonly count: number;
  readonly report: PhaseReport;
}

const COLUMNS = [
  'phase',
  'done',
  'seconds',
  'private KiB: idle',
  'before',
  'peak',
  'after',
  'ratio',
  'descriptors: before',
  'peak',
  'after',
  'threads',
  'zombies',
  'exits told',
  'verdict',
];

/** A Markdown table, and below it what there is to say. */
export function formatTable(results: readonly PhaseResult[]): string {
  const rows = results.map(rowOf);
  const widths = COLUMNS.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => pad(cell, index, widths[index] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const remarks = results.flatMap(({ phase, report }) => [
    ...report.notes.map((text) => `${phase.name}: ${text}`),
    ...shortcomings(report).map((text) => `${phase.name}: FAILED: ${text}`),
  ]);
  return [line(COLUMNS), rule, ...rows.map(line), '', ...remarks].join('\n').trimEnd();
}

/** Writes soak.json, a chart of memory and one of descriptors. @returns the paths */
export function writeFiles(
  results: readonly PhaseResult[],
  { output, scale, shim }: SoakOptions,
  lineChart: LineChart,
): readonly string[] {
  mkdirSync(output, { recursive: true });
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(output, name), text);
    written.push(join(output, name));
  };
  const phases = results.map(({ phase, count, report }) => ({
    ...{ name: phase.name, unit: phase.unit, count },
    ...{ shortcomings: shortcomings(report), ...report },
  }));
  const date = new Date().toISOString();
  write('soak.json', `${JSON.stringify({ shim, scale, date, phases })}\n`);
  const charts = [
    { file: 'memory', title: 'Private memory', figure: 'memory', yLabel: 'MiB', unit: 1024 },
    {
      file: 'descriptors',
      title: 'Open descriptors',
      figure: 'descriptors',
      yLabel: 'open',
      unit: 1,
    },
  ] as const;
  for (const { file, title, figure, yLabel, unit } of charts) {
    write(
      `${file}.svg`,
      lineChart({
        title: `${title} of the shim under load`,
        subtitle: results.map(describe).join(', '),
        xLabel: 'part of the phase, %; the last 10 s of each are a pause',
        yLabel,
        series: results.map(({ phase, report }) => ({
          name: phase.name,
          points: pointsOf(report, figure, unit),
        })),
      }),
    );
  }
  return written;
}

function describe({ phase, count }: PhaseResult): string {
  return `${count.toLocaleString('en-US')} ${phase.unit}`;
}

function pointsOf(
  { samples }: PhaseReport,
  figure: keyof Figures,
  unit: number,
): readonly (readonly [number, number])[] {
  const whole = samples.at(-1)?.at ?? 1;
  return samples.map((sample) => [
    Math.round((sample.at / whole) * 1000) / 10,
    sample[figure] / unit,
  ]);
}

function rowOf({ phase, count, report }: PhaseResult): readonly string[] {
  const { idle, before, peak, after, seconds, zombies, exitsExpected, exitsTold } = report;
  return [
    phase.name,
    `${count} ${phase.unit}`,
    seconds.toFixed(0),
    idle === undefined ? '' : String(idle.memory),
    String(before.memory),
    String(peak.memory),
    String(after.memory),
    (after.memory / before.memory).toFixed(2),
    String(before.descriptors),
    String(peak.descriptors),
    String(after.descriptors),
    `${before.threads} / ${peak.threads} / ${after.threads}`,
    String(zombies),
    `${exitsTold} of ${exitsExpected}`,
    shortcomings(report).length === 0 ? 'pass' : 'FAIL',
  ];
}

function pad(cell: string, index: number, width: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}
