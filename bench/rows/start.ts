import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeLog } from '../../conformance/support/log.ts';
import { BootstrapParams, ConnectRequest } from '../../src/proto/messages.ts';
import { EventSink } from '../../test/support/eventSink.ts';
import { killQuietly, waitForEnd } from '../../test/support/processes.ts';
import { TASK_V2, TASK_V3 } from '../../test/support/shimClient.ts';
import { ShimSandbox } from '../../test/support/shimRun.ts';
import { type Figure, type Row, ratio } from '../row.ts';
import type { Contender } from '../support/contender.ts';
import { prepareRequest } from '../support/plan.ts';
import type { RowContext } from '../support/rowContext.ts';

const returned: Figure = {
  id: 'start-returned',
  title: '`start` returns',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(1)],
};
const answered: Figure = {
  id: 'start-answered',
  title: '`start` to the first Connect answered',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(1)],
};
const helper: Figure = {
  id: 'start-helper',
  title: '`start`: CPU of the helper',
  unit: 'ms',
  better: 'lower',
  bars: [],
};
const server: Figure = {
  id: 'start-server',
  title: '`start`: CPU of the server until then',
  unit: 'ms',
  better: 'lower',
  bars: [],
};

/** A shim without a container. */
export const start: Row = {
  name: 'start',
  sentence:
    'The shim is run with `start` as a daemon does it: until its output is closed and it has ended, and on to the answer of the first ' +
    'call, Connect, to the server. The files are in the page cache.',
  figures: [returned, answered, helper, server],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const sandbox = new ShimSandbox();
  context.atEnd(() => sandbox.close());
  const events = new EventSink(join(context.directory, 'events.sock'));
  events.start();
  context.atEnd(() => events.stop());
  // The first of each is not counted: it brings the files into the page cache.
  for (const contender of context.contenders) await startOnce(context, sandbox, contender, -1);
  await context.alternate(context.rounds(60, 20), context.contenders, async (contender, round) => {
    const result = await startOnce(context, sandbox, contender, round);
    context.add(returned.id, contender, result.returned / 1e6);
    context.add(answered.id, contender, result.answered / 1e6);
    context.add(helper.id, contender, result.helper / 1e6);
    context.add(server.id, contender, result.server / 1e6);
  });
}

async function startOnce(
  context: RowContext,
  sandbox: ShimSandbox,
  contender: Contender,
  round: number,
) {
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
