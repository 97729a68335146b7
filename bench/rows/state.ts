import { type Figure, type Row, ratio } from '../row.ts';
import { callState } from '../support/calls.ts';
import type { RowContext } from '../support/rowContext.ts';

const latency: Figure = {
  id: 'state-p50',
  title: 'State, one in flight: p50',
  unit: 'µs',
  better: 'lower',
  bars: [ratio(0.8)],
};
const processorTime: Figure = {
  id: 'state-cpu',
  title: "State, one in flight: shim's CPU a call",
  unit: 'µs',
  better: 'lower',
  bars: [ratio(0.6)],
};
const throughput: Figure = {
  id: 'state-throughput',
  title: 'State, 64 in flight: calls a second',
  unit: '1/s',
  better: 'higher',
  bars: [ratio(1)],
};

/** Calls that change nothing. */
export const state: Row = {
  name: 'state',
  sentence:
    'A shim with one container is asked for its state over one ttrpc connection: 20,000 times one after the other, then ' +
    '60,000 times with 64 requests under way, in each round. Processor time is the whole shim process, by its clock.',
  figures: [latency, processorTime, throughput],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const single = context.size(20_000, 5_000);
  const many = context.size(60_000, 20_000);
  const pairs = await context.podPairs();
  let generator = 0;
  await context.alternate(context.rounds(11, 5), pairs, async (pair) => {
    const { contender } = pair;
    const one = await callState(context, pair, { calls: single, inFlight: 1 });
    context.add(latency.id, contender, one.flow.p50 / 1e3);
    context.add(processorTime.id, contender, one.server / one.calls / 1e3);
    const all = await callState(context, pair, { calls: many, inFlight: 64 });
    context.add(throughput.id, contender, (all.calls / all.wall) * 1e9);
    generator = Math.max(generator, all.client / all.wall);
  });
  context.note(
    `The generator used at most ${Math.round(generator * 100)} % of one core with 64 in flight.`,
  );
}
