import type { CellContext, Column, Row } from '../matrix/cell.ts';
import { keepTraces } from '../matrix/containerd/traces.ts';
import type { DaemonFault } from './daemonFaults.ts';
import { DaemonLife } from './daemonLife.ts';
import type { Step } from './steps.ts';

/** Before the call, and with the runtime called, and with the runtime done. */
const POINTS = ['before', 'called', 'done'] as const;
/** That of a shutdown is of the shim's own (podFaults/daemonGone.ts): the daemon's client returns when it is over. */
const STEPS: readonly Step[] = ['create', 'start', 'exec', 'kill', 'delete'];

/** A fault, tried at each step with a real containerd. */
export function daemonRow(fault: DaemonFault): Row {
  return {
    id: fault.id,
    title: fault.title,
    columns: STEPS.map(
      (step): Column => ({ name: step, run: (cell) => tryAll(fault, step, cell) }),
    ),
  };
}

async function tryAll(fault: DaemonFault, step: Step, cell: CellContext): Promise<void> {
  for (const point of POINTS) {
    if (point === 'before' && fault.hitsShim && step === 'create') continue;
    let close = async (): Promise<void> => {};
    cell.cleanUp(() => close());
    const life = await DaemonLife.begin((closer) => {
      close = closer;
    });
    const traces = { wanted: true };
    cell.cleanUp(() => (traces.wanted ? keepTraces(life.containerd, cell.logs) : undefined));
    try {
      cell.note(`${point}: ${await tryOne(fault, life, step, point)}`);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`${point}: ${text}\n${life.containerd.complaints}`, { cause: error });
    }
    traces.wanted = false;
    const done = close;
    close = async () => {};
    await done();
  }
}

/** @returns what the daemon's client said */
async function tryOne(
  fault: DaemonFault,
  life: DaemonLife,
  step: Step,
  point: (typeof POINTS)[number],
): Promise<string> {
  await life.leadTo(step);
  let status: number | undefined;
  if (point === 'before') {
    await fault.inject(life, 0);
    const command = life.startStep(step);
    await fault.heal(life);
    status = (await command.finished).status;
  } else {
    const gate = life.gates.arm(point, step, life.victim);
    const command = life.startStep(step);
    const runtime = await gate.reached();
    await fault.inject(life, runtime);
    gate.release();
    await fault.heal(life);
    status = (await command.finished).status;
  }
  await life.end(!fault.hitsShim);
  return status === 0 ? 'done' : 'failed';
}
