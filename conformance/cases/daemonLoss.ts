import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Code, StatusError } from '../../src/ttrpc/status.ts';
import { waitForEnd } from '../../test/support/processes.ts';
import type { ShimClient } from '../../test/support/shimClient.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../support/context.ts';
import { tryDelete } from '../support/deleteHelper.ts';
import { assertNothingLeft } from '../support/nothingLeft.ts';
import { wrappedRunc } from '../support/slowRuntime.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

type Call = (client: ShimClient, id: string) => Promise<unknown>;

/** A call in the middle of which the daemon goes. */
interface Boundary {
  readonly name: string;
  /** The runtime's word for it. Without one the daemon goes as soon as it has sent the call. */
  readonly verb?: string;
  /** How far the container is when the call comes. */
  readonly after: 'nothing' | 'create' | 'start' | 'end';
  readonly before?: Call;
  readonly call: Call;
}

const addExec: Call = (client, id) => client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
const runExec: Call = async (client, id) => {
  await addExec(client, id);
  await client.start(id, 'e');
};

const BOUNDARIES: readonly Boundary[] = [
  { name: 'connect', after: 'start', call: (client, id) => client.connectTask(id) },
  { name: 'start', verb: 'start', after: 'create', call: (client, id) => client.start(id) },
  { name: 'wait', after: 'start', call: (client, id) => client.wait(id) },
  { name: 'exec', after: 'start', call: addExec },
  {
    name: 'exec-start',
    verb: 'exec',
    after: 'start',
    before: addExec,
    call: (client, id) => client.start(id, 'e'),
  },
  { name: 'exec-kill', after: 'start', before: runExec, call: killExec },
  {
    name: 'exec-delete',
    after: 'start',
    before: endExec,
    call: (client, id) => client.delete(id, 'e'),
  },
  { name: 'pause', verb: 'pause', after: 'start', call: (client, id) => client.pause(id) },
  {
    name: 'resume',
    verb: 'resume',
    after: 'start',
    before: (client, id) => client.pause(id),
    call: (client, id) => client.resume(id),
  },
  { name: 'update', verb: 'update', after: 'start', call: (client, id) => client.update(id, {}) },
  { name: 'pids', verb: 'ps', after: 'start', call: (client, id) => client.pids(id) },
  { name: 'stats', after: 'start', call: (client, id) => client.stats(id) },
  { name: 'kill', verb: 'kill', after: 'start', call: (client, id) => client.kill(id, 9) },
  { name: 'delete', verb: 'delete', after: 'end', call: (client, id) => client.delete(id) },
  { name: 'shutdown', after: 'nothing', call: (client, id) => client.shutdown(id) },
];

function killExec(client: ShimClient, id: string): Promise<unknown> {
  return client.kill(id, 9, { execId: 'e' });
}

async function endExec(client: ShimClient, id: string): Promise<void> {
  await runExec(client, id);
  await killExec(client, id);
  await client.wait(id, 'e');
}

function assertNotFound(error: unknown): void {
  if (!(error instanceof StatusError) || error.code !== Code.NotFound) throw error;
}

/**
 * What a daemon that starts does with a shim: it keeps a container that there is, and ends a shim without one.
 * @param isThere whether there has to be one
 */
async function comeBack(pod: ShimPod, id: string, isThere: boolean): Promise<void> {
  pod.events.start();
  await pod.reconnect();
  const { client } = pod;
  await within(PROMPTLY, 'Connect', client.connectTask(id));
  if (isThere) await within(PROMPTLY, 'State', client.state(id));
  const pids = await within(PROMPTLY, 'Pids', client.pids(id)).catch(() => undefined);
  if (pids !== undefined && pids.processes.length > 0) {
    assert.ok((await within(PROMPTLY, 'State', client.state(id))).pid > 0);
    // The last daemon may have killed it.
    await within(SOON, 'Kill', client.kill(id, 9)).catch(assertNotFound);
    assert.equal((await within(SOON, 'Wait', client.wait(id))).exitStatus, 137);
  }
  await within(SOON, 'Delete', client.delete(id)).catch(assertNotFound);
}

/** The end of a pod as the daemon makes it, and a look whether it was one. */
async function endPod(context: CaseContext, pod: ShimPod, id: string): Promise<void> {
  await pod.client.shutdown(id).catch(() => {});
  await waitForEnd(pod.pid, SOON);
  // Not every shim succeeds in a bundle that never saw a Create, which is a case of its own.
  for (const name of [id, 'pod']) {
    if (existsSync(join(pod.sandbox.directory, name))) await tryDelete(context, pod, name);
  }
  await assertNothingLeft(pod);
}

function boundaryCase({ name, verb, after, before, call }: Boundary): ConformanceCase {
  return {
    name: `daemon-dies-in-${name}`,
    sentence: `When the daemon dies in the middle of ${name} and comes back, it finds what there is, and can end it without a rest.`,
    threads: ['containerd#6860', 'containerd#6866', 'containerd#5015'],
    fast: verb === 'start' || verb === 'delete' || verb === 'exec',
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const id = pod.newId();
      const mark = join(pod.sandbox.directory, 'begun');
      const script = verb === undefined ? {} : { [verb]: `touch ${mark}; sleep 0.4` };
      const options = pod.options({ binaryName: wrappedRunc(pod, script) });
      if (after !== 'nothing') {
        await pod.create({ args: ['sleep', '1000'], request: { options } }, id);
      }
      if (after === 'start' || after === 'end') await client.start(id);
      await before?.(client, id);
      if (after === 'end') {
        await client.kill(id, 9);
        await client.wait(id);
      }
      const calling = call(client, id);
      calling.catch(() => {});
      if (verb !== undefined) await waitUntil('it is begun', () => existsSync(mark), SOON);
      client.close();
      await pod.events.stop();
      if (name !== 'shutdown') await comeBack(pod, id, name !== 'delete');
      await endPod(context, pod, id);
    },
  };
}

export const daemonLossCases: readonly ConformanceCase[] = [
  ...BOUNDARIES.map(boundaryCase),
  {
    name: 'daemon-dies-in-create',
    sentence:
      'When the daemon dies in the middle of create and comes back, it can end the shim, and nothing is left.',
    threads: ['containerd#6860', 'containerd#6866', 'containerd#5015'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const mark = join(pod.sandbox.directory, 'begun');
      const binaryName = wrappedRunc(pod, { create: `touch ${mark}; sleep 0.4` });
      const bundle = pod.bundle(id, { args: ['sleep', '1000'] });
      const creating = pod.client.create({ id, bundle, options: pod.options({ binaryName }) });
      creating.catch(() => {});
      await waitUntil('it is begun', () => existsSync(mark), SOON);
      pod.client.close();
      await pod.events.stop();
      await comeBack(pod, id, false);
      await endPod(context, pod, id);
    },
  },
  {
    name: 'pod-cycles-leave-nothing',
    sentence: 'Pod after pod, from `start` to `delete`, leaves no shim, socket, mount or cgroup.',
    threads: ['containerd#12344', 'containerd#8931', 'containerd#9309', 'containerd#10421'],
    fast: true,
    seconds: 120,
    fullSeconds: 7200,
    async run(context) {
      const cycles = context.amount({ fast: 2, middle: 20, full: 2000 });
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const pod = await context.pod();
        const { client } = pod;
        const { id } = await pod.run({ args: ['sleep', '1000'] });
        await pod.outputOfExec(id, ['true']);
        await client.kill(id, 9);
        await client.wait(id);
        await client.delete(id);
        await endPod(context, pod, id);
        await pod.close();
      }
    },
  },
];
