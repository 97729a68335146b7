import { type Figure, type Row, ratio } from '../row.ts';
import { KIBIBYTE, memoryOf } from '../support/processFigures.ts';
import type { RowContext } from '../support/rowContext.ts';

const QUIET_SECONDS = 12;

const growth: Figure = {
  id: 'growth',
  title: 'private dirty of each further container in one shim',
  unit: 'KiB',
  better: 'lower',
  bars: [ratio(0.6)],
};

/** What a container adds to its pod. */
export const growthOfPod: Row = {
  name: 'growth',
  sentence:
    'Private_Dirty of a shim with one container and of the same shim with 31, divided by 30; each 12 s after the last call. A value for ' +
    'each of several shims.',
  figures: [growth],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const further = context.size(30, 10);
  const pods = [];
  for (let count = context.rounds(4, 2); count > 0; count -= 1) {
    pods.push(...(await context.podPairs()));
  }
  await context.sleep(QUIET_SECONDS);
  const before = pods.map(({ pod }) => memoryOf(pod.pid).privateDirty);
  for (let count = 0; count < further; count += 1) {
    for (const { pod } of pods) await context.container(pod);
  }
  await context.sleep(QUIET_SECONDS);
  pods.forEach(({ contender, pod }, index) => {
    const grown = memoryOf(pod.pid).privateDirty - (before[index] ?? Number.NaN);
    context.add(growth.id, contender, grown / further / KIBIBYTE);
  });
}
