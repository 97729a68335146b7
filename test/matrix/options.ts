import { parseArgs } from 'node:util';

const GO_RUNTIME = 'io.containerd.runc.v2';

export interface MatrixOptions {
  /** Names: ROW or ROW/COLUMN. Empty: everything. */
  readonly only: readonly string[];
  /** A file for the results. */
  readonly json: string | undefined;
  /** The Go shim instead of this one, which shows what the cells are worth. */
  readonly goShim: boolean;
}

/** Reads the command line. Throws for one that is wrong. */
export function readOptions(args: readonly string[]): MatrixOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      runtime: { type: 'string' },
    },
  });
  const { runtime } = values;
  if (runtime !== undefined && ![GO_RUNTIME, 'io.containerd.podshim.v1'].includes(runtime)) {
    throw new Error(`--runtime is io.containerd.podshim.v1 (the default) or ${GO_RUNTIME}`);
  }
  return { only: values.only, json: values.json, goShim: runtime === GO_RUNTIME };
}
