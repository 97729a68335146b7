import type { Judgement } from './judgement.ts';
import type { Spread } from './statistics.ts';

const HEAD = ['', 'podshim', 'reference', 'ratio', '95 %', 'bar', ''];

/** The judgements as a table, of Markdown, that can also be read as it is. */
export function formatTable(judgements: readonly Judgement[], ours: string): string {
  const lines = judgements.map((judgement) => cellsOf(judgement, ours));
  const widths = HEAD.map((_, column) =>
    Math.max(...[HEAD, ...lines].map((cells) => (cells[column] ?? '').length)),
  );
  const format = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (isNumber(column) ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [format(HEAD), rule, ...lines.map(format)].join('\n');
}

function cellsOf({ figure, spreads, reference, ratio, hidden, bars }: Judgement, ours: string) {
  const theirs = spreads.get(reference);
  const mine = spreads.get(ours);
  return [
    figure.title,
    mine === undefined ? '' : formatSpread(mine, figure.unit),
    theirs === undefined ? '' : formatSpread(theirs, figure.unit),
    ratio === undefined ? '' : hidden ? 'noise' : ratio.value.toFixed(2),
    ratio === undefined ? '' : `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
    bars.map(({ text }) => text).join(', '),
    bars.map(({ verdict }) => verdict).join(', '),
  ];
}

/** The median, and the quarters below and above it. */
export function formatSpread({ median, low, high }: Spread, unit: string): string {
  const digits = digitsFor(median);
  return `${median.toFixed(digits)} ${unit} (${low.toFixed(digits)}–${high.toFixed(digits)})`.replace(
    '  ',
    ' ',
  );
}

/** Three figures that count. */
export function digitsFor(value: number): number {
  if (value === 0) return 2;
  return Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

function isNumber(column: number): boolean {
  return column >= 1 && column <= 4;
}

function pad(cell: string, width: number, column: number): string {
  return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
}
