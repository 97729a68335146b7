import type { CellContext, Column, Row } from '../matrix/cell.ts';
import { keepTraces } from '../matrix/containerd/traces.ts';
import type { DaemonFault } from './daemonFaults.ts';
import { DaemonLife } from './daemonLife.ts';
import { DAEMON_POINTS, runDaemonTrial } from './daemonTrial.ts';
import type { Step } from './steps.ts';

/** The shutdown is the shim's own affair (podFaults/daemonGone.ts): the daemon's client returns when it is over. */
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
  for (const point of DAEMON_POINTS) {
    if (point === 'before' && fault.hitsShim && step === 'create') continue;
    let close = async (): Promise<void> => {};
    cell.cleanUp(() => close());
    const life = await DaemonLife.begin((closer) => {
      close = closer;
    });
    const traces = { wanted: true };
    cell.cleanUp(() => (traces.wanted ? keepTraces(life.containerd, cell.logs) : undefined));
    try {
      cell.note(`${point}: ${await runDaemonTrial(fault, life, step, point)}`);
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
