import { writeFileSync } from 'node:fs';
import { type CellResult, type Column, interrupt, type Row, runCell } from './cell.ts';
import { formatReasons, formatTable } from './table.ts';

/** Which cells to run, and where to write what came of them. */
export interface Selection {
  /** Names: ROW or ROW/COLUMN. Empty: everything. */
  readonly only: readonly string[];
  /** A file for the results. */
  readonly json: string | undefined;
}

/** True when this cell is asked for. */
export function isWanted({ only }: Pick<Selection, 'only'>, row: Row, column: Column): boolean {
  if (only.length === 0) return true;
  return only.some((name) => name === row.id || name === `${row.id}/${column.name}`);
}

/**
 * Runs cells one after the other and prints a table of them.
 * @param directory for what the cells want to keep
 * @returns the exit status: 1 when a cell is red, or none was run
 */
export async function runRows(
  all: readonly Row[],
  selection: Selection,
  directory: string,
): Promise<number> {
  const rows = all
    .map((row) => ({
      ...row,
      columns: row.columns.filter((column) => isWanted(selection, row, column)),
    }))
    .filter(({ columns }) => columns.length > 0);
  const results: CellResult[] = [];
  endGently();
  for (const row of rows) {
    for (const column of row.columns) {
      const result = await runCell(row, column, directory);
      results.push(result);
      const { outcome, seconds, notes } = result;
      const line = `${outcome.padEnd(8)}${row.id}/${column.name} (${seconds} s) ${notes.join('; ')}`;
      console.log(line.trimEnd());
    }
  }
  if (selection.json !== undefined) {
    writeFileSync(selection.json, `${JSON.stringify(results, undefined, 2)}\n`);
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
