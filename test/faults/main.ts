import { runRows } from '../matrix/runRows.ts';
import { readOptions } from './options.ts';
import { faultRows } from './rows.ts';

/**
 * Injects each fault at each step of a container's life, and prints a table of what came of it.
 * @param logs a directory for what helps to understand a failure
 * @returns the exit status: 1 when something was lost, left behind or untrue, or nothing was tried
 */
export async function main(args: readonly string[], logs: string): Promise<number> {
  const options = readOptions(args);
  const rows = faultRows();
  if (options.list) {
    for (const { id, title, columns } of rows) {
      console.log(`${id.padEnd(22)}${title}: ${columns.map(({ name }) => name).join(', ')}`);
    }
    return 0;
  }
  return runRows(rows, options, logs);
}
