import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteRequest,
  ExecProcessRequest,
  StartRequest,
  StateRequest,
  StateResponse,
  WaitRequest,
} from '../../src/proto/messages.ts';
import { putSuccess, sizeOfSuccess } from '../../src/ttrpc/responseEnvelope.ts';
import type { CallsResult, Placement } from './loadGenerator.ts';
import { prepareRequest, writePlan } from './plan.ts';
import type { PodWithContainer, RowContext } from './rowContext.ts';

const PROCESS_TYPE = 'types.containerd.io/opencontainers/runtime-spec/1/Process';

/** Whoever is asked for the state of a container: what is needed of a pod. */
export interface StateServer {
  readonly pod: {
    readonly socket: string;
    readonly pid: number;
    readonly client: { readonly service: string };
  };
  readonly id: string;
}

/** Asks for the state of a pod's container again and again. */
export function callState(
  context: RowContext,
  { pod, id }: StateServer,
  {
    calls,
    inFlight,
    placement,
  }: { calls: number; inFlight: number; placement?: Placement | undefined },
): Promise<CallsResult> {
  const plan = join(context.directory, 'state');
  writePlan(plan, [
    [prepareRequest(pod.client.service, 'State', StateRequest, { id, execId: '' })],
  ]);
  return context.load.calls(pod.socket, plan, {
    flows: calls,
    inFlight,
    pid: pod.pid,
    placement,
  });
}

/** A server that has one answer, of a size as State's, and gives it at once: what it takes, every server takes. */
export async function serverOfNothing(
  context: RowContext,
  { pod, id }: PodWithContainer,
): Promise<StateServer> {
  const bundle = `/run/bench/${id}`;
  const payload = StateResponse.encode({ id, bundle, pid: pod.pid, status: 2 }).finish();
  const envelope = new Uint8Array(sizeOfSuccess(payload.length));
  putSuccess(envelope, 0, payload, payload.length);
  const socket = join(context.directory, 'nothing');
  writeFileSync(`${socket}.answer`, envelope);
  const { pid } = await context.load.answerer(socket, `${socket}.answer`);
  return { pod: { socket, pid, client: pod.client }, id };
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
