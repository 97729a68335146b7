import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopOnInterruption } from '../test/support/interruption.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import type { Row } from './row.ts';
import { prepareContenders } from './support/contender.ts';
import { describeBar, type Judgement, judge } from './support/judgement.ts';
import { describeMachine, loadAverage, type Machine } from './support/machine.ts';
import { measureRow, type RowResult } from './support/measureRow.ts';
import { type OciRuntime, prepareRuntime } from './support/ociRuntime.ts';
import type { Setting } from './support/rowContext.ts';
import { Samples } from './support/samples.ts';
import { formatTable } from './support/table.ts';

/** Everything that came out. */
export interface BenchResult {
  readonly options: Options;
  readonly machine: Machine;
  readonly names: readonly [string, string];
  readonly results: readonly RowResult[];
  readonly judgements: readonly Judgement[];
  readonly samples: Samples;
}

/**
 * Measures, and prints a table.
 * @returns what is to be written to files; undefined where only help was asked for
 * @throws Error for the person at the terminal
 */
export async function main(args: readonly string[]): Promise<BenchResult | undefined> {
  const options = readOptions(args);
  if (options.help || options.list) {
    console.log(options.help ? USAGE : options.rows.map(formatRow).join('\n\n'));
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), 'podshim-bench-'));
  const remove = async (): Promise<void> => rmSync(directory, { recursive: true, force: true });
  const forget = stopOnInterruption(remove);
  // What a row that failed left under way fails when its shims are ended.
  process.on('unhandledRejection', () => {});
  try {
    return await measure(options, directory);
  } finally {
    await remove();
    forget();
  }
}

async function measure(options: Options, directory: string): Promise<BenchResult> {
  const contenders = await prepareContenders(directory, options.against);
  const runtimes = await prepareRuntimes(options, directory);
  const [runtime] = runtimes;
  if (runtime === undefined) throw new Error('there is no OCI runtime');
  const { quick, rounds } = options;
  const setting: Setting = { contenders, runtime, runtimes, quick, rounds };
  const machine = await describeMachine(contenders, runtimes);
  console.log(
    `${Object.values(machine).flat().join('\n')}\nload average before: ${loadAverage()}\n`,
  );
  const samples = new Samples();
  const names = [contenders[0].name, contenders[1].name] as const;
  const results: RowResult[] = [];
  const judgements: Judgement[] = [];
  for (const row of options.rows) {
    const result = await measureRow(row, setting, samples);
    results.push(result);
    const judged = row.figures
      .map((figure) => judge(figure, samples, names))
      .filter((judgement) => judgement !== undefined);
    judgements.push(...judged);
    console.log(formatResult(result, judged, names[0]));
  }
  console.log(formatTable(judgements, names[0]));
  return { options, machine, names, results, judgements, samples };
}

async function prepareRuntimes(options: Options, directory: string): Promise<OciRuntime[]> {
  const names = options.runtime === undefined ? (['runc', 'crun'] as const) : [options.runtime];
  const isNeeded = (name: string): boolean =>
    name === (options.runtime ?? 'runc') || options.rows.some((row) => row.name === 'ctr-run');
  return Promise.all(names.filter(isNeeded).map((name) => prepareRuntime(name, directory)));
}

function formatRow({ name, sentence, figures }: Row): string {
  const told = figures.map((figure) => {
    const bars = figure.bars.map((bar) => describeBar(figure, bar));
    return `    ${[figure.title, ...bars].join('; ')}`;
  });
  return [name, `  ${sentence}`, ...told].join('\n');
}

function formatResult(result: RowResult, judged: readonly Judgement[], ours: string): string {
  const { row, seconds, notes, failure } = result;
  return [
    `${row.name} (${seconds.toFixed(0)} s)`,
    ...(judged.length === 0 ? [] : [formatTable(judged, ours)]),
    ...notes,
    ...(failure === undefined ? [] : [`FAILED: ${failure}`]),
    '',
  ].join('\n');
}
