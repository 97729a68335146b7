import { atMost, type Figure, type Row } from '../row.ts';
import { threadsOf, wakeUpsOf } from '../support/processFigures.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';

const QUIET_SECONDS = 12;

const wakeUps: Figure = {
  id: 'wake-ups',
  title: 'wake-ups a second, idle',
  unit: '1/s',
  better: 'lower',
  bars: [atMost(0.1)],
};
const threads: Figure = {
  id: 'threads',
  title: 'threads, idle',
  unit: '',
  better: 'lower',
  bars: [atMost(4)],
};

/** What a pod costs in time while nothing happens in it. */
export const idleWakeUps: Row = {
  name: 'wake-ups',
  sentence:
    'Voluntary context switches of all threads (/proc/PID/task/*/status) of shims with one container that sleeps, over 60 s (20 s when ' +
    `quick), beginning ${QUIET_SECONDS} s after the last call. A value for each of several shims.`,
  figures: [wakeUps, threads],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const seconds = context.size(60, 20);
  const pods: PodWithContainer[] = [];
  for (let count = context.rounds(5, 3); count > 0; count -= 1) {
    pods.push(...(await context.podPairs()));
  }
  await context.sleep(QUIET_SECONDS);
  const before = pods.map(({ pod }) => wakeUpsOf(pod.pid));
  await context.sleep(seconds);
  pods.forEach(({ contender, pod }, index) => {
    const earlier = before[index];
    const counts = [...wakeUpsOf(pod.pid)].map(
      ([thread, count]) => count - (earlier?.get(thread) ?? 0),
    );
    const sum = counts.reduce((total, count) => total + count, 0);
    context.add(wakeUps.id, contender, sum / seconds);
    context.add(threads.id, contender, threadsOf(pod.pid));
  });
}
