import { describe, test } from 'node:test';
import { descriptorLimit } from '../faults/podFaults/descriptors.ts';
import { fullDisk, readOnlyDisk } from '../faults/podFaults/disk.ts';
import { connectionClosed, runtimeKilled, shimKilled } from '../faults/podFaults/kills.ts';
import type { Point, Step } from '../faults/steps.ts';
import { type Fault, runTrial } from '../faults/trial.ts';
import { stopOnInterruption } from '../support/interruption.ts';
import { skipFor } from '../support/skipping.ts';

/** A few of the faults of `npm run faults`: one for each thing that was once wrong, and some that would hurt most. */
const trials: readonly (readonly [Fault, Step, Point])[] = [
  // runc is killed before it has noted that there is a container: the cgroups that it made are nobody's.
  [shimKilled, 'create', 'hook'],
  [runtimeKilled, 'create', 'hook'],
  // The runtime had done its work: a container nobody asked for any more, one that runs, and an exec.
  [runtimeKilled, 'create', 'done'],
  [runtimeKilled, 'start', 'done'],
  [runtimeKilled, 'exec', 'done'],
  // The true status is answered by `delete` afterwards.
  [shimKilled, 'delete', 'before'],
  [connectionClosed, 'create', 'done'],
  [connectionClosed, 'start', 'done'],
  [connectionClosed, 'delete', 'done'],
  // runc leaves a file that makes the next exec of the same id impossible.
  [fullDisk('bundle'), 'exec', 'before'],
  // runc fails a start that has happened, and tells of a success when nothing could be removed.
  [readOnlyDisk('state'), 'start', 'before'],
  [readOnlyDisk('state'), 'delete', 'before'],
  // Without a runtime as well.
  [readOnlyDisk('state', true), 'start', 'before'],
  [descriptorLimit('direct'), 'start', 'before'],
];

const isBundle = process.env.PODSHIM_RUNTIME === 'node';

describe('a fault', skipFor(isBundle ? 'faults are for the shipped binary' : undefined), () => {
  for (const [fault, step, point] of trials) {
    test(`${fault.title}: ${step}, ${point}`, async () => {
      let close = async (): Promise<void> => {};
      const forget = stopOnInterruption(() => close());
      try {
        await runTrial(fault, step, point, (closer) => {
          close = closer;
        });
      } finally {
        await close();
        forget();
      }
    });
  }
});
