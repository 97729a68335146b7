import { join } from 'node:path';
import {
  DeleteRequest,
  ExecProcessRequest,
  StartRequest,
  StateRequest,
  WaitRequest,
} from '../../src/proto/messages.ts';
import type { CallsResult } from './loadGenerator.ts';
import { prepareRequest, writePlan } from './plan.ts';
import type { PodWithContainer, RowContext } from './rowContext.ts';

const PROCESS_TYPE = 'types.containerd.io/opencontainers/runtime-spec/1/Process';

/** Asks for the state of a pod's container again and again. */
export function callState(
  context: RowContext,
  { pod, id }: PodWithContainer,
  { calls, inFlight }: { calls: number; inFlight: number },
): Promise<CallsResult> {
  const plan = join(context.directory, 'state');
  writePlan(plan, [
    [prepareRequest(pod.client.service, 'State', StateRequest, { id, execId: '' })],
  ]);
  return context.load.calls(pod.socket, plan, { flows: calls, inFlight, pid: pod.pid });
}

/** Runs `true` in a pod's container so many times, each from Exec to the answer of Delete. */
export function callExecs(
  context: RowContext,
  { pod, id }: PodWithContainer,
  { execs, inFlight }: { execs: number; inFlight: number },
): Promise<CallsResult> {
  const plan = join(context.directory, 'execs');
  const { service } = pod.client;
  const flows = Array.from({ length: execs }, (_, index) => {
    const names = { id, execId: `exec-${index}` };
    const spec = { typeUrl: PROCESS_TYPE, value: new TextEncoder().encode(JSON.stringify(TRUE)) };
    return [
      prepareRequest(service, 'Exec', ExecProcessRequest, { ...names, spec }),
      prepareRequest(service, 'Start', StartRequest, names),
      prepareRequest(service, 'Wait', WaitRequest, names),
      prepareRequest(service, 'Delete', DeleteRequest, names),
    ];
  });
  writePlan(plan, flows);
  return context.load.calls(pod.socket, plan, { flows: execs, inFlight, pid: pod.pid });
}

/** The process that execs run. */
export const TRUE = {
  cwd: '/',
  env: ['PATH=/bin'],
  user: { uid: 0, gid: 0 },
  args: ['/bin/true'],
  noNewPrivileges: true,
};
