import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopOnInterruption } from '../support/interruption.ts';
import { ShimPod } from '../support/shimPod.ts';
import { waitUntil } from '../support/waiting.ts';
import type { SoakOptions } from './options.ts';
import { PAUSE_MILLISECONDS, type Phase, type PhaseReport, type PhaseRequest } from './phase.ts';
import { ExitLedger } from './support/exitLedger.ts';
import { figuresOf, processorTime, zombiesOf } from './support/figures.ts';
import { Sampler } from './support/sampler.ts';

/** What the work of a phase has at hand: one shim with one container that sleeps. */
export interface ServerWork {
  readonly pod: ShimPod;
  /** The container's id. */
  readonly id: string;
  readonly ledger: ExitLedger;
  readonly count: number;
  readonly options: SoakOptions;
  note(text: string): void;
  fault(text: string): void;
  /** The text of a dump taken now; undefined for a shim that makes none. */
  dump(): Promise<string | undefined>;
}

export interface ServerPhase extends Pick<Phase, 'name' | 'unit' | 'full'> {
  /** The container shares the pid namespace of the host: orphans become the shim's. */
  readonly hostPid?: boolean;
  work(work: ServerWork): Promise<void>;
}

const SETTLE_MILLISECONDS = 120_000;
const DUMP_MILLISECONDS = 5000;
const WARM_UP_PART = 0.01;

/** A phase that puts its load on one shim, and compares that shim before and after. */
export function serverPhase(phase: ServerPhase): Phase {
  const { name, unit, full } = phase;
  return { name, unit, full, run: (request) => run(phase, request) };
}

async function run(phase: ServerPhase, request: PhaseRequest): Promise<PhaseReport> {
  let done = (): void => {};
  const dumps = mkdtempSync(join(tmpdir(), 'podshim-dumps-'));
  const removeDumps = (): void => rmSync(dumps, { recursive: true, force: true });
  const { path, bootstrap } = request.shim;
  try {
    const pod = await ShimPod.start({
      command: [path],
      environment: { PODSHIM_DUMP_DIR: dumps },
      ...{ bootstrap, log: 'read', stderrIfNone: '/dev/null' },
      opened: (opened) => {
        done = stopOnInterruption(() => opened.close().finally(removeDumps));
      },
    });
    try {
      return await measure(phase, request, pod, dumps);
    } finally {
      await pod.close();
    }
  } finally {
    done();
    removeDumps();
  }
}

async function measure(
  phase: ServerPhase,
  { count, options }: PhaseRequest,
  pod: ShimPod,
  dumps: string,
): Promise<PhaseReport> {
  const notes: string[] = [];
  const faults: string[] = [];
  const hostPid = phase.hostPid ?? false;
  const { id } = await pod.run({ args: ['sleep', '1000000'], hostPid });
  const context = {
    ...{ pod, id, options },
    note: (text: string) => void notes.push(text),
    fault: (text: string) => void faults.push(text),
    dump: () => takeDump(pod, dumps),
  };
  await sleep(PAUSE_MILLISECONDS);
  const idle = figuresOf(pod.pid);
  await warmUp(phase, context);
  faults.length = 0;
  notes.length = 0;
  const ledger = new ExitLedger(pod.events);
  // Twice: what has not been given back yet would be taken for what the shim needs.
  await sleep(2 * PAUSE_MILLISECONDS);
  const before = figuresOf(pod.pid);
  const processorBefore = processorTime(pod.pid);
  const sampler = new Sampler(pod.pid);
  const began = performance.now();
  try {
    await phase.work({ ...context, ledger, count });
    const seconds = (performance.now() - began) / 1000;
    const processorMilliseconds = processorTime(pod.pid) - processorBefore;
    faults.push(...(await ledger.settle(SETTLE_MILLISECONDS)));
    await sleep(PAUSE_MILLISECONDS);
    const after = figuresOf(pod.pid);
    return {
      ...{ seconds, processorMilliseconds, idle, before, peak: sampler.peak, after },
      zombies: zombiesOf(pod.pid),
      exitsExpected: ledger.expected,
      exitsTold: ledger.told,
      ...{ faults, notes, samples: sampler.samples, axis: 'seconds' },
    };
  } finally {
    sampler.stop();
  }
}

/** A first hundredth of the full count, whose faults the work itself would have again. */
async function warmUp(
  phase: ServerPhase,
  context: Omit<ServerWork, 'ledger' | 'count'>,
): Promise<void> {
  const ledger = new ExitLedger(context.pod.events);
  const count = Math.ceil(phase.full * WARM_UP_PART);
  const options = { ...context.options, awayMilliseconds: 0 };
  await phase.work({ ...context, ledger, count, options });
  await ledger.settle(SETTLE_MILLISECONDS);
}

async function takeDump(pod: ShimPod, directory: string): Promise<string | undefined> {
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  process.kill(pod.pid, 'SIGUSR1');
  const look = (): string | undefined =>
    readdirSync(directory).find((entry) => entry.endsWith(`-${pod.pid}.txt`));
  const name = await waitUntil('a dump', look, DUMP_MILLISECONDS).catch(() => undefined);
  return name === undefined ? undefined : readFileSync(join(directory, name), 'utf8');
}
