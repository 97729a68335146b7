import { parseArgs } from 'node:util';
import type { Row } from './row.ts';
import { rows } from './rows.ts';

export interface Options {
  readonly against: string;
  readonly runtime: 'runc' | 'crun' | undefined;
  readonly rows: readonly Row[];
  readonly rounds: number | undefined;
  readonly quick: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** A file for everything that was measured. */
  readonly json: string | undefined;
  /** A directory for the charts. */
  readonly svg: string | undefined;
  /** A directory for performance.md, and the charts in `charts` below it. */
  readonly report: string | undefined;
}

const DEFAULT_AGAINST = 'containerd-shim-runc-v2';

export const USAGE = `npm run bench [-- OPTIONS]

Measures podshim and another shim beside each other, in turn (A B, B A, A B, ...), and prints a table of medians and ratios.

  --against SHIM   the other shim: a path, or a name on the PATH (default: ${DEFAULT_AGAINST})
  --runtime NAME   runc or crun for everything (default: runc; the row ctr-run takes both)
  --only ROW       only this row; may be given more than once
  --quick          fewer rounds and less work: about four minutes instead of fifteen
  --rounds N       this number of rounds in every row, instead of its own
  --json FILE      write all samples there
  --svg DIR        write the charts there
  --report DIR     write DIR/performance.md, and the charts to DIR/charts
  --list           name the rows, what each measures, and its bars

A ratio is podshim's median by the other's. It is followed by the interval in which it lies with 95 % certainty, found by the
bootstrap: the rounds are drawn again 2,000 times, with replacement, and the ratio of each draw is taken. Where that interval is
wider than 20 % of the ratio and the bar lies within it, "noise" is printed instead of a ratio: repeat such a row with more rounds, or
on a machine that does nothing else. A row without a bar has its bar at 1 for this.`;

/** Reads the command line. @throws Error for the person at the terminal */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string', default: DEFAULT_AGAINST },
      runtime: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      json: { type: 'string' },
      svg: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const { against, runtime, quick, list, help, json, svg, report } = values;
  if (runtime !== undefined && runtime !== 'runc' && runtime !== 'crun') {
    throw new Error(`--runtime is runc or crun, not ${runtime}`);
  }
  const wanted = values.only.map(rowOf);
  return {
    against,
    runtime,
    rows: wanted.length === 0 ? rows : rows.filter((row) => wanted.includes(row)),
    rounds: values.rounds === undefined ? undefined : readRounds(values.rounds),
    quick,
    list,
    help,
    json,
    svg,
    report,
  };
}

function rowOf(name: string): Row {
  const found = rows.find((row) => row.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no row ${name}; there are ${rows.map((row) => row.name).join(', ')}`);
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is a number, not ${text}`);
  return rounds;
}
