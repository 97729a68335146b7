import { type Figure, type Row, ratio } from '../row.ts';
import type { RowContext } from '../support/rowContext.ts';
import { sandboxForStarts, startOnce } from '../support/startOnce.ts';

const returned: Figure = {
  id: 'start-returned',
  title: '`start` returns',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(1)],
};
const answered: Figure = {
  id: 'start-answered',
  title: '`start` to the first Connect answered',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(1)],
};
const helper: Figure = {
  id: 'start-helper',
  title: '`start`: CPU of the helper',
  unit: 'ms',
  better: 'lower',
  bars: [],
};
const server: Figure = {
  id: 'start-server',
  title: '`start`: CPU of the server until then',
  unit: 'ms',
  better: 'lower',
  bars: [],
};

/** A shim without a container. */
export const start: Row = {
  name: 'start',
  sentence:
    'The shim is run with `start` as a daemon does it: until its output is closed and it has ended, and on to the answer of the first ' +
    'call, Connect, to the server. The files are in the page cache.',
  figures: [returned, answered, helper, server],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const sandbox = sandboxForStarts(context);
  // The first of each is not counted: it brings the files into the page cache.
  for (const contender of context.contenders) await startOnce(context, sandbox, contender, -1);
  await context.alternate(context.rounds(60, 20), context.contenders, async (contender, round) => {
    const result = await startOnce(context, sandbox, contender, round);
    context.add(returned.id, contender, result.returned / 1e6);
    context.add(answered.id, contender, result.answered / 1e6);
    context.add(helper.id, contender, result.helper / 1e6);
    context.add(server.id, contender, result.server / 1e6);
  });
}
