import { existsSync } from 'node:fs';
import { cgroupsBelow } from '../../support/cgroups.ts';
import { stopOnInterruption } from '../../support/interruption.ts';
import { waitForEnd } from '../../support/processes.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { runShim } from '../../support/shimRun.ts';
import type { Phase, PhaseReport, PhaseRequest } from '../phase.ts';
import { ExitLedger } from '../support/exitLedger.ts';
import { type Figures, figuresOf, zombiesOf } from '../support/figures.ts';
import type { Sample } from '../support/sampler.ts';
import { inParallel } from '../support/workers.ts';

const AT_ONCE = 2;
const SIGKILL = 9;
const KILLED = 137;
const SETTLE_MILLISECONDS = 30_000;
const END_MILLISECONDS = 20_000;
const NAMED_FAULTS = 10;

/** Pods from their first `start` to their last `delete`, each with a shim of its own that has to be gone in the end. */
export const podsPhase: Phase = {
  name: 'pods',
  unit: 'pods',
  full: 2000,
  async run(request): Promise<PhaseReport> {
    const began = performance.now();
    const samples: Sample[] = [];
    const totals = { expected: 0, told: 0, zombies: 0 };
    const faults: string[] = [];
    await inParallel(request.count, AT_ONCE, async () => {
      const cycle = await livePod(request);
      samples.push({ at: samples.length + 1, ...cycle.figures });
      totals.expected += cycle.expected;
      totals.told += cycle.told;
      totals.zombies += cycle.zombies;
      faults.push(...cycle.faults.slice(0, Math.max(0, NAMED_FAULTS - faults.length)));
    });
    const part = Math.max(1, Math.floor(samples.length / 10));
    return {
      seconds: (performance.now() - began) / 1000,
      processorMilliseconds: undefined,
      idle: undefined,
      before: medians(samples.slice(0, part)),
      peak: most(samples),
      after: medians(samples.slice(-part)),
      zombies: totals.zombies,
      exitsExpected: totals.expected,
      exitsTold: totals.told,
      ...{ faults, samples, axis: 'pods' },
      notes: [
        'before and after: the first and the last tenth of the pods, each with two containers',
      ],
    };
  },
};

interface Cycle {
  readonly figures: Figures;
  readonly zombies: number;
  readonly expected: number;
  readonly told: number;
  readonly faults: readonly string[];
}

async function livePod({ shim }: PhaseRequest): Promise<Cycle> {
  let done = (): void => {};
  const pod = await ShimPod.start({
    command: [shim.path],
    ...{ bootstrap: shim.bootstrap, log: 'read', stderrIfNone: '/dev/null' },
    opened: (opened) => {
      done = stopOnInterruption(() => opened.close());
    },
  });
  try {
    return await live(pod, shim.path);
  } finally {
    await pod.close();
    done();
  }
}

async function live(pod: ShimPod, shim: string): Promise<Cycle> {
  const { client } = pod;
  const ledger = new ExitLedger(pod.events);
  const ids = [pod.newId(), pod.newId()];
  for (const id of ids) {
    ledger.expect(id, '', KILLED);
    await pod.run({ args: ['sleep', '1000000'] }, id);
  }
  const figures = figuresOf(pod.pid);
  const zombies = zombiesOf(pod.pid);
  for (const id of ids) {
    await client.kill(id, SIGKILL);
    await client.wait(id);
    await client.delete(id);
  }
  const faults = [...(await ledger.settle(SETTLE_MILLISECONDS))];
  // The daemon closes the connection when the answer is there; the shim may be faster.
  await client.shutdown('pod').catch(() => {});
  await waitForEnd(pod.pid, END_MILLISECONDS).catch(() => faults.push('a shim that does not end'));
  for (const id of [...ids, 'pod']) faults.push(...(await deleteHelper(pod, shim, id)));
  faults.push(...leftovers(pod));
  return { figures, zombies, expected: ledger.expected, told: ledger.told, faults };
}

/** What the daemon runs when a container's task is gone. */
async function deleteHelper(pod: ShimPod, shim: string, id: string): Promise<readonly string[]> {
  const { sandbox } = pod;
  const bundle = `${sandbox.directory}/${id}`;
  const { status, stderr } = await runShim({
    command: [shim],
    directory: bundle,
    words: [...sandbox.flags(id), '-bundle', bundle, 'delete'],
  });
  return status === 0 ? [] : [`delete of ${id} ended with ${status}: ${stderr}`];
}

function leftovers(pod: ShimPod): readonly string[] {
  const left: string[] = [];
  if (existsSync(pod.socket)) left.push('a socket');
  if (pod.runcStates().length > 0) left.push('a container that runc knows');
  if (cgroupsBelow(pod.cgroup).length > 0) left.push('a cgroup');
  if (pod.sandbox.servers().length > 0) left.push('a shim');
  return left.map((what) => `a pod left ${what}`);
}

function medians(samples: readonly Sample[]): Figures {
  const of = (figure: keyof Figures): number =>
    samples.map((sample) => sample[figure]).toSorted((one, other) => one - other)[
      samples.length >> 1
    ] ?? 0;
  return { memory: of('memory'), descriptors: of('descriptors'), threads: of('threads') };
}

function most(samples: readonly Sample[]): Figures {
  const of = (figure: keyof Figures): number =>
    samples.reduce((peak, sample) => Math.max(peak, sample[figure]), 0);
  return { memory: of('memory'), descriptors: of('descriptors'), threads: of('threads') };
}
