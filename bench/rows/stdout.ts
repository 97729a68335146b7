import { type Figure, type Row, ratio } from '../row.ts';
import { startLoadContainer } from '../support/loadContainer.ts';
import { MEBIBYTE } from '../support/processFigures.ts';
import type { RowContext } from '../support/rowContext.ts';

const processorTime: Figure = {
  id: 'stdout-cpu',
  title: "stdout: shim's CPU for each GiB",
  unit: 'ms',
  better: 'lower',
  bars: [ratio(0.5)],
};
const throughput: Figure = {
  id: 'stdout-throughput',
  title: 'stdout: MB a second',
  unit: 'MB/s',
  better: 'higher',
  bars: [ratio(1)],
};

/** A container that talks much. */
export const stdout: Row = {
  name: 'stdout',
  sentence:
    'A container writes 1 GiB in blocks of 64 KiB (quick: 256 MiB) to its standard output, and a reader takes it from the FIFO without ' +
    'looking at it (splice to /dev/null). Time from the first byte to the last; processor time of the shim alone, with its threads.',
  figures: [processorTime, throughput],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const bytes = context.size(1024, 256) * MEBIBYTE;
  const pods = await context.podPairs();
  await context.alternate(context.rounds(7, 3), pods, async ({ contender, pod }) => {
    const { stdout: fifo } = pod.fifos(pod.newId('writer'));
    const drained = context.load.drain(fifo, bytes);
    const words = ['write', String(bytes)];
    const { id, go } = await startLoadContainer(context, pod, words, { stdout: fifo });
    const before = await context.load.processorTime(pod.pid);
    await go();
    const wall = await drained;
    await pod.client.wait(id);
    const used = (await context.load.processorTime(pod.pid)) - before;
    await pod.client.delete(id);
    context.add(processorTime.id, contender, (used / 1e6) * ((1024 * MEBIBYTE) / bytes));
    context.add(throughput.id, contender, (bytes / wall) * 1e3);
  });
}
