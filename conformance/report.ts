import type { CaseGroup, ConformanceCase } from './case.ts';
import type { KnownFailures } from './known.ts';
import type { CaseResult } from './runCase.ts';

const LINE_LIMIT = 240;

/** A result as it is told: a failure that everybody knows of is no news. */
export type Verdict = 'pass' | 'fail' | 'known failure' | 'skipped';

export function verdictOf({ name, outcome }: CaseResult, known: KnownFailures): Verdict {
  if (outcome === 'passed') return 'pass';
  if (outcome === 'skipped') return 'skipped';
  return known.has(name) ? 'known failure' : 'fail';
}

/** One line: the verdict, the name, how long it took, and why. */
export function formatResult(result: CaseResult, known: KnownFailures): string {
  const { name, reason, milliseconds } = result;
  const verdict = verdictOf(result, known);
  const thread = known.get(name);
  const notes: string[] = [];
  if (verdict === 'known failure') notes.push(`(${thread})`);
  if (verdict === 'pass' && thread !== undefined) notes.push(`(is listed as failing: ${thread})`);
  if (reason !== undefined) notes.push(inOneLine(reason));
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  return `${verdict.padEnd(14)}${name} (${seconds}) ${notes.join(' ')}`.trimEnd();
}

export function formatList(groups: readonly CaseGroup[]): string {
  return groups
    .map(({ title, cases }) => `${title}\n${cases.map(formatCase).join('\n')}`)
    .join('\n\n');
}

/** How many cases of each group ended how. */
export function formatTable(
  groups: readonly CaseGroup[],
  results: readonly CaseResult[],
  known: KnownFailures,
): string {
  const verdicts: Verdict[] = ['pass', 'fail', 'known failure', 'skipped'];
  const rows = groups.map(({ title, cases }) => {
    const names = new Set(cases.map(({ name }) => name));
    const mine = results.filter(({ name }) => names.has(name));
    const counts = verdicts.map(
      (verdict) => mine.filter((result) => verdictOf(result, known) === verdict).length,
    );
    return { title, counts };
  });
  const total = {
    title: 'total',
    counts: verdicts.map((_, index) =>
      rows.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0),
    ),
  };
  const filled = rows.filter(({ counts }) => counts.some((count) => count > 0));
  const lines = [...filled, total].map(
    ({ title, counts }) =>
      `| ${title.padEnd(24)} | ${counts.map((count, index) => String(count).padStart(verdicts[index]?.length ?? 0)).join(' | ')} |`,
  );
  const head = `| ${'group'.padEnd(24)} | ${verdicts.join(' | ')} |`;
  const rule = `|${'-'.repeat(26)}|${verdicts.map((verdict) => `${'-'.repeat(verdict.length + 1)}:`).join('|')}|`;
  return [head, rule, ...lines].join('\n');
}

function formatCase({ name, sentence, threads, fast, full }: ConformanceCase): string {
  const run = fast === true ? ' (fast)' : full === true ? ' (full)' : '';
  return `  ${name}${run}\n    ${sentence}\n    ${threads.join(', ')}`;
}

function inOneLine(text: string): string {
  const line = text
    .replace(/\x1b\[\d+m/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line;
}
