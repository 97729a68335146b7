import { parseArgs } from 'node:util';

export interface FuzzOptions {
  /** Names of targets; none: all of them. */
  readonly only: readonly string[];
  readonly seed: number;
  /** Inputs for each target; 0: as many as its part of the time allows. */
  readonly runs: number;
  /** For all targets together. */
  readonly seconds: number;
  readonly json: string | undefined;
}

export const USAGE = `npm run fuzz -- [--seconds NUMBER] [--runs NUMBER] [--only TARGET]... [--seed NUMBER] [--json FILE]

  --seconds NUMBER  for all targets together; default 120, or no limit with --runs
  --runs NUMBER     inputs for each target
  --only TARGET     only this target; may be given more than once
  --seed NUMBER     where the inputs come from; by default another one each time
  --json FILE       write the results there as well`;

const SECONDS = 120;
const LARGEST_SEED = 2 ** 31;

/** @throws Error for the person at the terminal */
export function readOptions(args: readonly string[], targets: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { only, json } = values;
  const unknown = only.find((name) => !targets.includes(name));
  if (unknown !== undefined) {
    throw new Error(`no target is called ${unknown}; there are ${targets.join(', ')}\n\n${USAGE}`);
  }
  const runs = numberOf('--runs', values.runs ?? '0');
  const seconds = numberOf('--seconds', values.seconds ?? (runs > 0 ? 'Infinity' : `${SECONDS}`));
  const seed = numberOf('--seed', values.seed ?? String(Math.floor(Math.random() * LARGEST_SEED)));
  return { only, seed, runs, seconds, json };
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0) return value;
  throw new Error(`${name} ${text}: not a number\n\n${USAGE}`);
}
