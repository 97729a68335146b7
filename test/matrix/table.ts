import type { CellResult, Row } from './cell.ts';

const SIGNS = { passed: 'ok', failed: 'RED', skipped: 'skip' } as const;

/** The results as a table: a line per row; rows with the same columns share a heading. */
export function formatTable(rows: readonly Row[], results: readonly CellResult[]): string {
  const width = Math.max(...rows.map(({ title }) => title.length));
  const lines: string[] = [];
  let heading = '';
  for (const row of rows) {
    const names = row.columns.map(({ name }) => name.padEnd(5));
    const next = `${''.padEnd(width)}  ${names.join('  ')}`.trimEnd();
    if (next !== heading) lines.push(...(heading === '' ? [] : ['']), next);
    heading = next;
    const signs = row.columns.map(({ name }) => {
      const result = results.find((each) => each.row === row.id && each.column === name);
      const sign = result === undefined ? '-' : SIGNS[result.outcome];
      return sign.padEnd(Math.max(5, name.length));
    });
    lines.push(`${row.title.padEnd(width)}  ${signs.join('  ')}`.trimEnd());
  }
  return lines.join('\n');
}

/** The reasons of what did not pass, and where to read more. */
export function formatReasons(results: readonly CellResult[]): string {
  return results
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ row, column, outcome, reason, logs }) => {
      const where = outcome === 'failed' ? `\n    ${logs}` : '';
      return `${SIGNS[outcome]} ${row}/${column}: ${reason}${where}`;
    })
    .join('\n');
}
