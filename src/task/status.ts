import type { ExecProcess } from './execProcess.ts';
import type { InitProcess } from './initProcess.ts';
import type { ExecState, InitState } from './states.ts';

/** `containerd.v1.types.Status` (contract 5.1). */
export const Status = {
  Unknown: 0,
  Created: 1,
  Running: 2,
  Stopped: 3,
  Paused: 4,
  Pausing: 5,
} as const;

const ofState: Record<InitState | ExecState, number> = {
  created: Status.Created,
  createdCheckpoint: Status.Created,
  running: Status.Running,
  paused: Status.Paused,
  stopped: Status.Stopped,
  deleted: Status.Stopped,
};

export function initStatus(init: InitProcess): number {
  return init.pausing ? Status.Pausing : ofState[init.state];
}

/** The freezer stops execs as well: the container's pause wins (contract 5.9). */
export function execStatus(init: InitProcess, exec: ExecProcess): number {
  if (init.pausing || init.state === 'paused') return initStatus(init);
  return ofState[exec.state];
}
