import { atMost, type Figure, type Row, ratio } from '../row.ts';
import { MEBIBYTE, memoryOf } from '../support/processFigures.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';

/** Longer than podshim waits before it gives memory back (src/shim/idle.ts: at most 8 s). */
const QUIET_SECONDS = 12;

const privateDirty: Figure = {
  id: 'idle-private',
  title: 'private dirty, idle, one container',
  unit: 'MiB',
  better: 'lower',
  bars: [ratio(0.75), atMost(1.9)],
};
const resident: Figure = {
  id: 'idle-resident',
  title: 'resident, idle, one container',
  unit: 'MiB',
  better: 'lower',
  bars: [],
};

/** What every pod costs while nothing happens in it. */
export const idleMemory: Row = {
  name: 'idle-memory',
  sentence:
    `Private_Dirty and Rss of /proc/PID/smaps_rollup, of shims with one container that sleeps, ${QUIET_SECONDS} s after the last call. podshim ` +
    'collects and gives back clean text 4 to 8 s after the last call; a Go shim gives back in the background. A value for each of several shims.',
  figures: [privateDirty, resident],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const pods: PodWithContainer[] = [];
  for (let count = context.rounds(7, 3); count > 0; count -= 1) {
    pods.push(...(await context.podPairs()));
  }
  await context.sleep(QUIET_SECONDS);
  for (const { contender, pod } of pods) {
    const memory = memoryOf(pod.pid);
    context.add(privateDirty.id, contender, memory.privateDirty / MEBIBYTE);
    context.add(resident.id, contender, memory.resident / MEBIBYTE);
  }
}
