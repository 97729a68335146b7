import { ExitCode } from '../exitCode.ts';
import type { Colour, Style } from '../style.ts';
import type { Terminal } from '../terminal.ts';
import { wrapText } from '../units.ts';
import { checks, type Finding, type Level } from './checks.ts';
import { gatherFacts } from './gather.ts';

export interface NamedFinding extends Finding {
  readonly name: string;
}

const levelColours: Readonly<Record<Level, Colour>> = { ok: 'green', warn: 'yellow', fail: 'red' };
const levelWidth = 6;
const nameWidth = 14;

/** `podshim doctor`. It changes nothing. @returns failed when something has to be mended */
export async function doctor(terminal: Terminal, json: boolean): Promise<ExitCode> {
  const facts = await gatherFacts();
  const findings = checks.map(({ name, examine }) => ({ name, ...examine(facts) }));
  const healthy = findings.every(({ level }) => level !== 'fail');
  if (json) terminal.writeJson({ healthy, checks: findings });
  else terminal.write(doctorText(findings, terminal.style, terminal.columns));
  return healthy ? ExitCode.ok : ExitCode.failed;
}

/** The findings as a table with the remedies below what they mend. */
export function doctorText(
  findings: readonly NamedFinding[],
  style: Style,
  columns: number,
): string {
  const indent = ' '.repeat(levelWidth + nameWidth);
  const lines = findings.flatMap(({ level, name, text, mend }) => {
    const head = `${style(levelColours[level], level.padEnd(levelWidth))}${name.padEnd(nameWidth)}`;
    const finding = head + wrapText(text, columns, indent);
    return mend === undefined
      ? [finding]
      : [finding, indent + wrapText(`mend: ${mend}`, columns, indent)];
  });
  return `${lines.join('\n')}\n${summary(findings)}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const failed = count('fail');
  const warned = count('warn');
  if (failed > 0) return `podshim will not work here: ${failed} to mend, ${warned} to look at`;
  return warned > 0 ? `podshim works here; ${warned} to look at` : 'podshim works here';
}
