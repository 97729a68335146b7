import { parseArgs } from 'node:util';

export interface FaultOptions {
  /** Names: FAULT or FAULT/STEP. Empty: everything. */
  readonly only: readonly string[];
  /** A file for the results. */
  readonly json: string | undefined;
  readonly list: boolean;
}

/** Reads the command line. Throws for one that is wrong. */
export function readOptions(args: readonly string[]): FaultOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return { only: values.only, json: values.json, list: values.list };
}
