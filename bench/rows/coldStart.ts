import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runWell } from '../../test/support/commands.ts';
import type { Figure, Row } from '../row.ts';
import type { RowContext } from '../support/rowContext.ts';
import { sandboxForStarts, startOnce } from '../support/startOnce.ts';

const returned: Figure = {
  id: 'cold-start-returned',
  title: '`start` returns, its files not in memory',
  unit: 'ms',
  better: 'lower',
  bars: [],
};
const answered: Figure = {
  id: 'cold-start-answered',
  title: '`start` to the first Connect answered, its files not in memory',
  unit: 'ms',
  better: 'lower',
  bars: [],
};

/** The first pod after the machine's start. */
export const coldStart: Row = {
  name: 'cold-start',
  sentence:
    "As in *start*, but the shim's own files were dropped from the page cache before, as after the start of the machine. Only the first " +
    'pod meets this: the pages are there for the next ones.',
  figures: [returned, answered],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const sandbox = sandboxForStarts(context);
  await context.alternate(context.rounds(12, 4), context.contenders, async (contender, round) => {
    const { path } = contender.shim;
    for (const file of [path, join(dirname(path), 'podshim.node')]) await forget(file);
    const result = await startOnce(context, sandbox, contender, round);
    context.add(returned.id, contender, result.returned / 1e6);
    context.add(answered.id, contender, result.answered / 1e6);
  });
}

/** Drops a file from the page cache: this is how dd(1) is asked to do so. */
async function forget(file: string): Promise<void> {
  if (!existsSync(file)) return;
  await runWell('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}
