import { Code, notFound, StatusError } from '../ttrpc/status.ts';

/** The states of a container's init (contract 5.10). */
export type InitState =
  | 'created'
  | 'createdCheckpoint'
  | 'running'
  | 'paused'
  | 'stopped'
  | 'deleted';

/** The states of an exec process. */
export type ExecState = 'created' | 'running' | 'stopped' | 'deleted';

/** What is refused in which state, in the words that clients know (contract 5.11). No entry: allowed. */
const initRefusals = {
  start: {
    running: 'cannot start a running process',
    paused: 'cannot start a paused process',
    stopped: 'cannot start a stopped process',
    deleted: 'cannot start a deleted process',
  },
  delete: {
    running: 'cannot delete a running process',
    paused: 'cannot delete a paused process',
    deleted: notFound('cannot delete a deleted process'),
  },
  pause: {
    created: 'cannot pause task in created state',
    createdCheckpoint: 'cannot pause task in created state',
    paused: 'cannot pause a paused container',
    stopped: 'cannot pause a stopped container',
    deleted: 'cannot pause a deleted process',
  },
  resume: {
    created: 'cannot resume task in created state',
    createdCheckpoint: 'cannot resume task in created state',
    running: 'cannot resume a running process',
    stopped: 'cannot resume a stopped container',
    deleted: 'cannot resume a deleted process',
  },
  update: {
    stopped: 'cannot update a stopped container',
    deleted: 'cannot update a deleted process',
  },
  checkpoint: {
    created: 'cannot checkpoint a task in created state',
    createdCheckpoint: 'cannot checkpoint a task in created state',
    stopped: 'cannot checkpoint a stopped container',
    deleted: 'cannot checkpoint a deleted process',
  },
  exec: {
    createdCheckpoint: 'cannot exec in a created state',
    paused: 'cannot exec in a paused state',
    stopped: 'cannot exec in a stopped state',
    deleted: 'cannot exec in a deleted state',
  },
  kill: {
    deleted: notFound('cannot kill a deleted process'),
  },
} satisfies Record<string, Partial<Record<InitState, string | StatusError>>>;

const execRefusals = {
  start: {
    running: 'cannot start a running process',
    stopped: 'cannot start a stopped process',
    deleted: 'cannot start a deleted process',
  },
  delete: {
    running: 'cannot delete a running process',
    deleted: notFound('cannot delete a deleted process'),
  },
  kill: {
    stopped: notFound('process already finished'),
    deleted: notFound('cannot kill a deleted process'),
  },
  resize: {
    stopped: 'cannot resize a stopped container',
    deleted: 'cannot resize a deleted process',
  },
} satisfies Record<string, Partial<Record<ExecState, string | StatusError>>>;

export type InitOperation = keyof typeof initRefusals;
export type ExecOperation = keyof typeof execRefusals;

function refuse(refusal: string | StatusError | undefined): void {
  if (refusal === undefined) return;
  // A fresh error for each refusal: a shared one would carry the stack of the module's start.
  if (typeof refusal === 'string') throw new StatusError(Code.Unknown, refusal);
  throw new StatusError(refusal.code, refusal.message);
}

/** @throws StatusError when an init in this state does not allow the operation */
export function checkInitAllows(operation: InitOperation, state: InitState): void {
  const refusals: Partial<Record<InitState, string | StatusError>> = initRefusals[operation];
  refuse(refusals[state]);
}

/** @throws StatusError when an exec process in this state does not allow the operation */
export function checkExecAllows(operation: ExecOperation, state: ExecState): void {
  const refusals: Partial<Record<ExecState, string | StatusError>> = execRefusals[operation];
  refuse(refusals[state]);
}
