import type { BenchResult } from '../main.ts';
import { formatTable } from '../support/table.ts';
import type { Chart } from './charts.ts';

/** Fills in the hand-written template. @throws Error for a place in it that has no meaning */
export function fillDocument(
  template: string,
  result: BenchResult,
  charts: readonly Chart[],
): string {
  const parts: Readonly<Record<string, string>> = {
    machine: machineLines(result),
    table: formatTable(result.judgements, result.names[0]),
    charts: charts.map(({ name, title }) => `![${title}](charts/${name}.svg)`).join('\n\n'),
    rows: rowLines(result),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`the template asks for ${name}`);
    return part;
  });
}

function machineLines({ machine, options }: BenchResult): string {
  const { date, shims, containerd, runtimes, system, kernel, processor, memory, cgroups } = machine;
  const lines = [
    `Measured ${date}${options.quick ? ', quick' : ''}`,
    [...shims, containerd, ...runtimes].join(', '),
    `${system}, ${kernel}, ${processor}, ${memory}, ${cgroups}`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

function rowLines({ results }: BenchResult): string {
  return results
    .map(({ row, notes, failure }) => {
      const told = failure === undefined ? notes : [...notes, `Could not be measured: ${failure}`];
      return [`**${row.name}.** ${row.sentence}`, ...told].join(' ');
    })
    .join('\n\n');
}
