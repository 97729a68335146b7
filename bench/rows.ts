import type { Row } from './row.ts';
import { coldStart } from './rows/coldStart.ts';
import { ctrRun } from './rows/ctrRun.ts';
import { exec } from './rows/exec.ts';
import { fiftyContainers } from './rows/fiftyContainers.ts';
import { fiftyExecs } from './rows/fiftyExecs.ts';
import { growthOfPod } from './rows/growth.ts';
import { idleMemory } from './rows/idleMemory.ts';
import { kill } from './rows/kill.ts';
import { orphans } from './rows/orphans.ts';
import { proportionalMemory } from './rows/proportionalMemory.ts';
import { start } from './rows/start.ts';
import { state } from './rows/state.ts';
import { stdout } from './rows/stdout.ts';
import { idleWakeUps } from './rows/wakeUps.ts';
import { workedMemory } from './rows/workedMemory.ts';

/** All rows, in the order in which they are measured and told. */
export const rows: readonly Row[] = [
  ctrRun,
  start,
  coldStart,
  exec,
  fiftyExecs,
  fiftyContainers,
  kill,
  state,
  stdout,
  orphans,
  idleMemory,
  workedMemory,
  proportionalMemory,
  growthOfPod,
  idleWakeUps,
];
