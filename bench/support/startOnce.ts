import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeLog } from '../../conformance/support/log.ts';
import { BootstrapParams, ConnectRequest } from '../../src/proto/messages.ts';
import { EventSink } from '../../test/support/eventSink.ts';
import { killQuietly, waitForEnd } from '../../test/support/processes.ts';
import { TASK_V2, TASK_V3 } from '../../test/support/shimClient.ts';
import { ShimSandbox } from '../../test/support/shimRun.ts';
import type { Contender } from './contender.ts';
import type { StartResult } from './loadGenerator.ts';
import { prepareRequest } from './plan.ts';
import type { RowContext } from './rowContext.ts';

/** A place for shims that are only started, and the events' socket that they are told of. */
export function sandboxForStarts(context: RowContext): ShimSandbox {
  const sandbox = new ShimSandbox();
  context.atEnd(() => sandbox.close());
  const events = new EventSink(join(context.directory, 'events.sock'));
  events.start();
  context.atEnd(() => events.stop());
  return sandbox;
}

/** Starts a shim for a container that is never made, asks it one thing, and ends it. Times are in nanoseconds. */
export async function startOnce(
  context: RowContext,
  sandbox: ShimSandbox,
  contender: Contender,
  round: number,
): Promise<StartResult> {
  const { path, bootstrap } = contender.shim;
  const id = `${contender === context.contenders[0] ? 'a' : 'b'}${round}`;
  const directory = sandbox.bundle(id);
  const log = makeLog(directory);
  const request = join(context.directory, `${id}-connect`);
  const service = bootstrap ? TASK_V3 : TASK_V2;
  writeFileSync(request, prepareRequest(service, 'Connect', ConnectRequest, { id }));
  const stdin = bootstrap ? bootstrapParams(context, sandbox, id) : '/dev/null';
  // As every containerd gives them (contract 1.3).
  const environment = { GOMAXPROCS: '2', TTRPC_ADDRESS: join(context.directory, 'events.sock') };
  const command = [path, ...sandbox.flags(id), 'start'];
  const result = await context.load.start(request, stdin, command, { directory, environment });
  sandbox.own(result.socket);
  killQuietly(result.pid);
  await waitForEnd(result.pid);
  log.close();
  return result;
}

function bootstrapParams(context: RowContext, sandbox: ShimSandbox, id: string): string {
  const file = join(context.directory, `${id}-params`);
  const params = BootstrapParams.encode({
    instanceId: id,
    namespace: sandbox.namespace,
    containerdVersion: '2.3.4',
    containerdTtrpcAddress: join(context.directory, 'events.sock'),
    containerdGrpcAddress: sandbox.address,
    containerdBinary: 'containerd',
    socketDir: join(sandbox.directory, 's'),
  });
  writeFileSync(file, params.finish());
  return file;
}
