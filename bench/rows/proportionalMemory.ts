import { type Figure, type Row, ratio } from '../row.ts';
import { MEBIBYTE, memoryOf } from '../support/processFigures.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';

const QUIET_SECONDS = 12;

const sizes = [5, 10, 50];

function figureOf(shims: number): Figure {
  return {
    id: `pss-${shims}`,
    title: `PSS of one of ${shims} shims, idle`,
    unit: 'MiB',
    better: 'lower',
    bars: [ratio(0.9)],
  };
}

/** What a pod costs beside others. */
export const proportionalMemory: Row = {
  name: 'pss',
  sentence:
    `Pss of /proc/PID/smaps_rollup of 5, 10 and 50 shims of each kind, all with one container that sleeps, ${QUIET_SECONDS} s after the last ` +
    'call: private memory, and its part of what is shared. A value for each shim. Quick: without the 50.',
  figures: sizes.map(figureOf),
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const pods: PodWithContainer[] = [];
  for (const size of context.setting.quick ? sizes.slice(0, 2) : sizes) {
    while (pods.length < size * 2) pods.push(...(await context.podPairs()));
    await context.sleep(QUIET_SECONDS);
    for (const { contender, pod } of pods) {
      context.add(figureOf(size).id, contender, memoryOf(pod.pid).proportional / MEBIBYTE);
    }
  }
}
