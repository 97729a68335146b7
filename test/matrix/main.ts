import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/paths.ts';
import { type CellResult, interrupt, runCell } from './cell.ts';
import { isWanted, readOptions } from './options.ts';
import { Peers } from './peers.ts';
import { matrixRows } from './rows.ts';
import { formatReasons, formatTable } from './table.ts';

/**
 * Tries the shim with the peers in the lab, one cell after the other, and prints a table.
 * @returns the exit status: 1 when a cell is red, or none was run
 */
export async function main(lab: string, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const directory = join(repository, 'build/matrix');
  const peers = new Peers(lab, join(directory, 'shim'), options.goShim);
  const all = matrixRows(peers);
  const rows = all
    .map((row) => ({
      ...row,
      columns: row.columns.filter((column) => isWanted(options, row, column)),
    }))
    .filter(({ columns }) => columns.length > 0);
  const results: CellResult[] = [];
  endGently();
  for (const row of rows) {
    for (const column of row.columns) {
      const result = await runCell(row, column, directory);
      results.push(result);
      const { outcome, seconds } = result;
      console.log(`${outcome.padEnd(8)}${row.id}/${column.name} (${seconds} s)`);
    }
  }
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  if (results.length === 0) {
    console.log(`no such cell; the rows are: ${all.map(({ id }) => id).join(', ')}`);
    return 1;
  }
  console.log(`\n${formatTable(rows, results)}\n\n${formatReasons(results)}`.trimEnd());
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function endGently(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void interrupt().finally(() => process.exit(1));
    });
  }
}
