import { within } from '../../conformance/support/within.ts';
import { reasonOf } from '../../src/platform/reason.ts';
import { listProcesses } from '../../test/support/processes.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { Bar, Figure, Row } from '../row.ts';
import { startLoadContainer } from '../support/loadContainer.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';

const ORPHANS = 10_000;
/** A second is much. Debian's shim of 1.6 may never tell of the container's end. */
const LIMIT_MILLISECONDS = 20_000;
const MINIMAL = 'minimal C reaper';
const bar: Bar = { kind: 'ratioAndMore', limit: 1.5, more: 200 };

const processorTime: Figure = {
  id: 'orphans',
  title: "10,000 orphans reaped: shim's CPU, against a minimal C reaper",
  unit: 'ms',
  better: 'lower',
  reference: MINIMAL,
  bars: [bar],
};

/** Processes that nobody waits for. */
export const orphans: Row = {
  name: 'orphans',
  sentence:
    'A container in the pid namespace of the machine makes 10,000 children whose mothers die first, a hundred at a time; the shim adopts ' +
    'them and they end. Fails unless the shim adopted and reaped every one. The C reaper (bench/load/orphans.c) does the same with waitpid alone.',
  figures: [processorTime],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const [ours, other] = await context.podPairs();
  if (ours === undefined || other === undefined) return;
  let otherFailed = false;
  const measureOther = async (): Promise<void> => {
    if (otherFailed) return;
    try {
      context.add(processorTime.id, other.contender, (await reap(context, other)) / 1e6);
    } catch (error) {
      otherFailed = true;
      context.note(`${other.contender.name} was given up: ${reasonOf(error)}.`);
    }
  };
  const works = [
    async () => context.add(processorTime.id, ours.contender, (await reap(context, ours)) / 1e6),
    measureOther,
    async () => context.add(processorTime.id, MINIMAL, (await context.load.reaper(ORPHANS)) / 1e6),
  ];
  await context.alternate(context.rounds(5, 3), works, (work) => work());
}

/** @returns processor time of the shim, in nanoseconds */
async function reap(context: RowContext, { pod }: PodWithContainer): Promise<number> {
  const { stdout } = pod.fifos(pod.newId('orphans'));
  const reader = pod.read(stdout);
  const words = ['orphans', String(ORPHANS)];
  const { id, go } = await startLoadContainer(context, pod, words, { stdout, hostPid: true });
  const before = await context.load.processorTime(pod.pid);
  await go();
  await within(LIMIT_MILLISECONDS, 'the end of the container', pod.client.wait(id));
  await waitUntil('every orphan is reaped', () => childrenOf(pod.pid, 'Z') === 0);
  const used = (await context.load.processorTime(pod.pid)) - before;
  const told = JSON.parse((await reader.finished).stdout) as Record<string, number>;
  await pod.client.delete(id);
  if (told.adopted !== ORPHANS || told.guardian !== pod.pid || told.elsewhere !== 0) {
    throw new Error(`of ${ORPHANS} orphans: ${JSON.stringify(told)}; the shim is ${pod.pid}`);
  }
  return used;
}

function childrenOf(pid: number, state: string): number {
  return listProcesses().filter((process) => process.parent === pid && process.state === state)
    .length;
}
