import { type Figure, type Row, ratio } from '../row.ts';
import { callExecs, callState } from '../support/calls.ts';
import { MEBIBYTE, memoryOf } from '../support/processFigures.ts';
import type { PodWithContainer, RowContext } from '../support/rowContext.ts';

const QUIET_SECONDS = 10;

const privateDirty: Figure = {
  id: 'worked-private',
  title: 'private dirty, 10 s after 1 M State calls and 2,000 execs',
  unit: 'MiB',
  better: 'lower',
  bars: [ratio(0.6)],
};

/** What a pod costs when it has been busy. */
export const workedMemory: Row = {
  name: 'worked-memory',
  sentence:
    'Private_Dirty of shims with one container after a million State calls, 64 in flight, and 2,000 execs of `true`, eight at a time, ' +
    `${QUIET_SECONDS} s after the last answer. A quick run does a tenth of the work.`,
  figures: [privateDirty],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const calls = context.size(1_000_000, 100_000);
  const execs = context.size(2_000, 200);
  const pods: PodWithContainer[] = [];
  for (let count = context.rounds(2, 1); count > 0; count -= 1) {
    pods.push(...(await context.podPairs()));
  }
  for (const pair of pods) {
    await callState(context, pair, { calls, inFlight: 64 });
    await callExecs(context, pair, { execs, inFlight: 8 });
    await context.sleep(QUIET_SECONDS);
    context.add(privateDirty.id, pair.contender, memoryOf(pair.pod.pid).privateDirty / MEBIBYTE);
  }
}
