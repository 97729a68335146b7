import { test } from 'node:test';
import { containerdKilled, containerdStopped, type DaemonFault } from '../faults/daemonFaults.ts';
import { DaemonLife } from '../faults/daemonLife.ts';
import { runDaemonTrial } from '../faults/daemonTrial.ts';
import type { Step } from '../faults/steps.ts';
import { stopOnInterruption } from '../support/interruption.ts';

/** The daemon dies, or stands still, while the runtime is at work; afterwards it can use and remove what there is. */
const trials: readonly (readonly [DaemonFault, Step, 'called' | 'done'])[] = [
  [containerdKilled, 'create', 'called'],
  [containerdKilled, 'delete', 'done'],
  [containerdStopped, 'exec', 'called'],
];

for (const [fault, step, point] of trials) {
  test(`${fault.title}: ${step}, ${point}`, async () => {
    let close = async (): Promise<void> => {};
    const forget = stopOnInterruption(() => close());
    try {
      const life = await DaemonLife.begin((closer) => {
        close = closer;
      });
      await runDaemonTrial(fault, life, step, point);
    } finally {
      await close();
      forget();
    }
  });
}
