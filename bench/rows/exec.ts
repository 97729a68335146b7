import { type Figure, type Row, ratio } from '../row.ts';
import { callExecs } from '../support/calls.ts';
import type { RowContext } from '../support/rowContext.ts';

const PER_ROUND = 10;

const direct: Figure = {
  id: 'exec',
  title: 'exec of `true`, one at a time, over ttrpc',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(0.95)],
};
const processorTime: Figure = {
  id: 'exec-cpu',
  title: "exec over ttrpc: shim's CPU for each",
  unit: 'ms',
  better: 'lower',
  bars: [],
};
const throughCtr: Figure = {
  id: 'exec-ctr',
  title: 'exec of `true`, one at a time, `ctr tasks exec`',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(0.95)],
};

/** An exec alone. */
export const exec: Row = {
  name: 'exec',
  sentence:
    'Over ttrpc: ten execs of `true` in a running container, one after the other, each from Exec over Start and Wait to the answer ' +
    'of Delete; a round is their mean. With ctr: one `ctr tasks exec` under containerd, from its start to its end.',
  figures: [direct, processorTime, throughCtr],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const rounds = context.rounds(20, 8);
  await context.alternate(rounds, await context.podPairs(), async (pair) => {
    const { wall, server } = await callExecs(context, pair, { execs: PER_ROUND, inFlight: 1 });
    context.add(direct.id, pair.contender, wall / PER_ROUND / 1e6);
    context.add(processorTime.id, pair.contender, server / PER_ROUND / 1e6);
  });
  const daemon = await context.daemon();
  const containers = await Promise.all(
    context.contenders.map(async (contender) => {
      const id = await daemon.createContainer(contender);
      await daemon.client.createTask(id);
      await daemon.client.startTask(id);
      return { contender, id };
    }),
  );
  await context.alternate(rounds, containers, async ({ contender, id }, round) => {
    const flags = ['--exec-id', `exec-${round}`, ...daemon.containerd.fifoFlags()];
    const words = daemon.ctrWords('tasks', 'exec', ...flags, id, '/bin/true');
    context.add(throughCtr.id, contender, (await context.load.spawn(1, words)) / 1e6);
  });
}
