import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type Figure, type Row, ratio } from '../row.ts';
import { callExecs, TRUE } from '../support/calls.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';
import { median } from '../support/statistics.ts';

const EXECS = 50;
const RAW = 'runtime alone';
/** The other shim begins no round after this time: Debian's of 1.6 takes up to a minute for one. */
const OTHER_SECONDS = 30;

const wall: Figure = {
  id: 'fifty-execs',
  title: '50 execs at once: wall time, against the runtime alone',
  unit: 'ms',
  better: 'lower',
  reference: RAW,
  bars: [ratio(1.2)],
};
const worst: Figure = {
  id: 'fifty-execs-worst',
  title: '50 execs at once: worst round by the median',
  unit: '×',
  better: 'lower',
  bars: [atMost(2)],
};

/** Execs that do not wait for each other. */
export const fiftyExecs: Row = {
  name: 'fifty-execs',
  sentence:
    '50 execs of `true` in one container at once over one ttrpc connection, each from Exec to the answer of Delete, until the last is ' +
    'answered; and 50 `runc exec` of the same at once, without any shim. The other shim is told beside them, and left out when quick.',
  figures: [wall, worst],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const rounds = context.rounds(20, 5);
  const pairs = await context.podPairs();
  const [ours, other] = pairs;
  if (ours === undefined || other === undefined) return;
  let otherSeconds = 0;
  const shim = async (pair: PodWithContainer): Promise<number> => {
    const result = await callExecs(context, pair, { execs: EXECS, inFlight: EXECS });
    context.add(wall.id, pair.contender, result.wall / 1e6);
    return result.wall / 1e9;
  };
  const works: (() => Promise<void>)[] = [
    async () => void (await shim(ours)),
    async () => context.add(wall.id, RAW, (await execRaw(context, ours)) / 1e6),
    async () => {
      if (!context.setting.quick && otherSeconds < OTHER_SECONDS) otherSeconds += await shim(other);
    },
  ];
  await context.alternate(rounds, works, (work) => work());
  for (const { contender } of context.setting.quick ? [ours] : pairs) {
    const values = context.samples.of(wall.id, contender.name);
    context.add(worst.id, contender, Math.max(...values) / median(values));
    const range = [Math.min(...values), Math.max(...values)].map((value) =>
      (value / 1e3).toFixed(1),
    );
    context.note(`${contender.name}: ${values.length} rounds, from ${range.join(' to ')} s.`);
  }
}

/** The same processes in podshim's container, which does not know of them. */
async function execRaw(context: RowContext, { pod, id }: PodWithContainer): Promise<number> {
  const file = join(context.directory, 'process.json');
  writeFileSync(file, JSON.stringify(TRUE));
  const root = join(pod.runcRoot, pod.sandbox.namespace);
  const { path } = context.setting.runtime;
  const command = [path, '--root', root, 'exec', '--process', file, id];
  return context.load.spawn(EXECS, command, { mountNamespace: await context.mountNamespace() });
}
