import type { DaemonFault } from './daemonFaults.ts';
import type { DaemonLife } from './daemonLife.ts';
import type { Step } from './steps.ts';

/** Before the call, and with the runtime called, and with the runtime done. */
export const DAEMON_POINTS = ['before', 'called', 'done'] as const;

/**
 * Leads a container to a step, has the fault strike there, and sees what the daemon makes of it.
 * @returns what the daemon's client said of the step
 */
export async function runDaemonTrial(
  fault: DaemonFault,
  life: DaemonLife,
  step: Step,
  point: (typeof DAEMON_POINTS)[number],
): Promise<'done' | 'failed'> {
  await life.leadTo(step);
  const status = await (point === 'before'
    ? strikeBefore(fault, life, step)
    : strikeAtGate(fault, life, step, point));
  await life.end(!fault.hitsShim);
  return status === 0 ? 'done' : 'failed';
}

async function strikeBefore(fault: DaemonFault, life: DaemonLife, step: Step) {
  await fault.inject(life, 0);
  const command = life.startStep(step);
  await fault.heal(life);
  return (await command.finished).status;
}

async function strikeAtGate(
  fault: DaemonFault,
  life: DaemonLife,
  step: Step,
  point: 'called' | 'done',
) {
  const gate = life.gates.arm(point, step, life.victim);
  const command = life.startStep(step);
  await fault.inject(life, await gate.reached());
  gate.release();
  await fault.heal(life);
  return (await command.finished).status;
}
