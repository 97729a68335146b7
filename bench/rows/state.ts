import { availableParallelism } from 'node:os';
import { type Figure, type Row, ratio } from '../row.ts';
import { callState, type StateServer, serverOfNothing } from '../support/calls.ts';
import type { CallsResult, Placement } from '../support/loadGenerator.ts';
import type { RowContext } from '../support/rowContext.ts';
import { median } from '../support/statistics.ts';

const latency: Figure = {
  id: 'state-p50',
  title: 'State, one in flight, on one core: p50',
  unit: 'µs',
  better: 'lower',
  bars: [ratio(0.8)],
};
const processorTime: Figure = {
  id: 'state-cpu',
  title: "State, one in flight, on one core: shim's CPU a call",
  unit: 'µs',
  better: 'lower',
  bars: [ratio(0.6)],
};
const latencyApart: Figure = {
  id: 'state-apart-p50',
  title: 'State, one in flight, on two cores: p50',
  unit: 'µs',
  better: 'lower',
  bars: [],
};
const processorTimeApart: Figure = {
  id: 'state-apart-cpu',
  title: "State, one in flight, on two cores: shim's CPU a call",
  unit: 'µs',
  better: 'lower',
  bars: [],
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
    'A shim with one container is asked for its state over one ttrpc connection. In each round 10,000 times one after the other, ' +
    'with generator and shim (all of its threads) bound to one core; as often with each bound to a core of its own; then 40,000 ' +
    'times with 64 requests under way, nobody bound. Left alone, the kernel puts the two now on one core, now on two, hence both. ' +
    "The bars are for one core, where the shim's own work is measured. On two nearly all of the time goes into waking the other " +
    'core; a C program that answers without looking at the request pays that as well, and what it takes is told here. ' +
    'Processor time is the whole shim process, by its clock.',
  figures: [latency, processorTime, latencyApart, processorTimeApart, throughput],
  measure,
};

/** What the server of nothing took for its calls, in each round. */
interface Floor {
  readonly place: string;
  readonly results: CallsResult[];
}

async function measure(context: RowContext): Promise<void> {
  const single = context.size(10_000, 4_000);
  const many = context.size(40_000, 15_000);
  const pairs = await context.podPairs();
  const [first] = pairs;
  if (first === undefined) return;
  const nothing = await serverOfNothing(context, first);
  const floors = { together: floorOf('one core'), apart: floorOf('two') };
  const one = (server: StateServer, placement: Placement): Promise<CallsResult> =>
    callState(context, server, { calls: single, inFlight: 1, placement });
  const hasTwoCores = availableParallelism() > 1;
  let generator = 0;

  await context.alternate(context.rounds(15, 7), [...pairs, undefined], async (pair) => {
    if (pair === undefined) {
      floors.together.results.push(await one(nothing, 'together'));
      if (hasTwoCores) floors.apart.results.push(await one(nothing, 'apart'));
      return;
    }
    const add = (p50: Figure, cpu: Figure, result: CallsResult): void => {
      context.add(p50.id, pair.contender, result.flow.p50 / 1e3);
      context.add(cpu.id, pair.contender, result.server / result.calls / 1e3);
    };
    add(latency, processorTime, await one(pair, 'together'));
    if (hasTwoCores) add(latencyApart, processorTimeApart, await one(pair, 'apart'));
    const all = await callState(context, pair, { calls: many, inFlight: 64 });
    context.add(throughput.id, pair.contender, (all.calls / all.wall) * 1e9);
    generator = Math.max(generator, all.client / all.wall);
  });
  context.note(
    `The C program that only answers: ${Object.values(floors).flatMap(describeFloor).join('; ')}.`,
  );
  context.note(
    `The generator used at most ${Math.round(generator * 100)} % of one core with 64 in flight.`,
  );
}

function floorOf(place: string): Floor {
  return { place, results: [] };
}

function describeFloor({ place, results }: Floor): string[] {
  if (results.length === 0) return [];
  const p50 = median(results.map((result) => result.flow.p50 / 1e3));
  const cpu = median(results.map((result) => result.server / result.calls / 1e3));
  return [`on ${place} ${p50.toFixed(1)} µs, ${cpu.toFixed(1)} µs of processor time`];
}
