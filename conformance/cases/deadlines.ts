import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from '../../test/support/commands.ts';
import type { ShimClient } from '../../test/support/shimClient.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../support/context.ts';
import { assertQuick, Latency } from '../support/latency.ts';
import { wrappedRunc } from '../support/slowRuntime.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

/** Milliseconds in which State is asked often enough for a percentile. */
const LONG_ENOUGH = 2000;

/** A call during which the OCI runtime hangs. */
interface Hanging {
  /** The runtime's word for it. */
  readonly verb: string;
  readonly sentence: string;
  readonly threads: readonly string[];
  /** What comes before, when the container only has to be created. */
  readonly created?: boolean;
  readonly before?: (client: ShimClient, id: string) => Promise<unknown>;
  readonly call: (client: ShimClient, id: string) => Promise<unknown>;
}

const KILLABLE: readonly Hanging[] = [
  {
    verb: 'start',
    sentence: 'the start of a container',
    threads: ['containerd#13848', 'containerd#7717'],
    created: true,
    call: (client, id) => client.start(id),
  },
  {
    verb: 'exec',
    sentence: 'the start of an exec',
    threads: ['containerd#13848', 'containerd#10603', 'containerd#7717'],
    before: (client, id) => client.exec({ id, execId: 'e', args: ['sleep', '1000'] }),
    call: (client, id) => client.start(id, 'e'),
  },
  {
    verb: 'pause',
    sentence: 'a pause',
    threads: ['containerd#13848'],
    call: (client, id) => client.pause(id),
  },
  {
    verb: 'resume',
    sentence: 'a resume',
    threads: ['containerd#13848'],
    before: (client, id) => client.pause(id),
    call: (client, id) => client.resume(id),
  },
  {
    verb: 'update',
    sentence: 'an update',
    threads: ['containerd#13848'],
    call: (client, id) => client.update(id, {}),
  },
  {
    verb: 'ps',
    sentence: 'a list of processes',
    threads: ['containerd#13848'],
    call: (client, id) => client.pids(id),
  },
  {
    verb: 'checkpoint',
    sentence: 'a checkpoint',
    threads: ['containerd#13848'],
    call: (client, id) => client.checkpoint(id, '/nowhere'),
  },
];

/** A runtime that hangs in one of its commands, and leaves a mark when it does. */
function hangingRuntime(pod: ShimPod, verb: string) {
  const mark = join(pod.sandbox.directory, pod.newId('hangs'));
  const binaryName = wrappedRunc(pod, { [verb]: `touch ${mark}; exec sleep 1000` });
  return {
    options: pod.options({ binaryName }),
    hangs: () => waitUntil(`${verb} hangs`, () => existsSync(mark), SOON),
  };
}

/** Another container of the pod comes and goes, and one that is there answers all the time. */
async function assertOthersUnaware(
  { size }: CaseContext,
  pod: ShimPod,
  latency: Latency,
): Promise<void> {
  const { id } = await within(SOON, 'Create and Start of another', pod.run({ args: ['true'] }));
  await within(PROMPTLY, 'Wait of another', pod.client.wait(id));
  await within(SOON, 'Delete of another', pod.client.delete(id));
  const exactly = size === 'full';
  if (exactly) await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH));
  assertQuick(await latency.stop(), exactly);
}

function hangingCase({ verb, sentence, threads, ...hanging }: Hanging): ConformanceCase {
  return {
    name: `hanging-${verb}`,
    sentence: `While the runtime hangs in ${sentence}, the container can be asked, killed, awaited and deleted, and no other one notices.`,
    threads,
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const { options, hangs } = hangingRuntime(pod, verb);
      const { id } = await pod.create({ args: ['sleep', '1000'], request: { options } });
      if (hanging.created !== true) await client.start(id);
      await hanging.before?.(client, id);
      const latency = await Latency.ofState(pod, other.id);
      context.atEnd(() => latency.close());
      hanging.call(client, id).catch(() => {});
      await hangs();
      await within(PROMPTLY, 'Connect', client.connectTask(id));
      await within(PROMPTLY, 'State', client.state(id));
      await within(PROMPTLY, 'Kill', client.kill(id, 9));
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 137);
      assert.equal((await within(SOON, 'Delete', client.delete(id))).exitStatus, 137);
      await assertOthersUnaware(context, pod, latency);
    },
  };
}

export const deadlineCases: readonly ConformanceCase[] = [
  ...KILLABLE.map(hangingCase),
  {
    name: 'hanging-create',
    sentence:
      'While the runtime hangs in a create, no other container notices; when the time of the call is over, nothing of it stays.',
    threads: ['containerd#13848', 'containerd#6860', 'containerd dbcaa504c'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const { options, hangs } = hangingRuntime(pod, 'create');
      const latency = await Latency.ofState(pod, other.id);
      context.atEnd(() => latency.close());
      const id = pod.newId();
      const bundle = pod.bundle(id, { args: ['true'] });
      const creating = client.create({ id, bundle, options }, { timeoutNanos: 2e9 });
      creating.catch(() => {});
      await hangs();
      await assert.rejects(within(PROMPTLY, 'State', client.state(id)), { code: 5 });
      await assertOthersUnaware(context, pod, latency);
      await assert.rejects(creating);
      const isForgotten = () =>
        client.create({ id, bundle, options: pod.options() }).then(
          () => true,
          () => false,
        );
      await waitUntil('the id can be used again', isForgotten, SOON);
      assert.equal((await client.delete(id)).exitStatus, 137);
    },
  },
  {
    name: 'hanging-kill',
    sentence:
      'While the runtime hangs in a kill, and the process ends by itself, Wait and Delete are answered, and no other container notices.',
    threads: ['containerd#13848'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const { options, hangs } = hangingRuntime(pod, 'kill');
      const { id, pid } = await pod.run({ args: ['sleep', '1000'], request: { options } });
      const latency = await Latency.ofState(pod, other.id);
      context.atEnd(() => latency.close());
      client.kill(id, 15).catch(() => {});
      await hangs();
      await within(PROMPTLY, 'Connect', client.connectTask(id));
      await within(PROMPTLY, 'State', client.state(id));
      process.kill(pid, 'SIGKILL');
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 137);
      await within(SOON, 'Delete', client.delete(id));
      await assertOthersUnaware(context, pod, latency);
    },
  },
  {
    name: 'hanging-delete',
    sentence:
      'While the runtime hangs in a delete, the container can be asked, and no other one notices.',
    threads: ['containerd#12344', 'containerd#8931', 'containerd#9309'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const { options, hangs } = hangingRuntime(pod, 'delete');
      const { id } = await pod.run({ args: ['sh', '-c', 'exit 3'], request: { options } });
      assert.equal((await client.wait(id)).exitStatus, 3);
      const latency = await Latency.ofState(pod, other.id);
      context.atEnd(() => latency.close());
      client.delete(id).catch(() => {});
      await hangs();
      await within(PROMPTLY, 'Connect', client.connectTask(id));
      assert.equal((await within(PROMPTLY, 'State', client.state(id))).exitStatus, 3);
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 3);
      await assertOthersUnaware(context, pod, latency);
    },
  },
  {
    name: 'frozen-container-answers',
    sentence:
      'A container that somebody has frozen can be asked everything, killed, awaited and deleted, with its exec.',
    threads: ['containerd#13848', 'contract trap 29'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client, events } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
      await client.start(id, 'e');
      const root = join(pod.runcRoot, pod.sandbox.namespace);
      await runWell('runc', ['--root', root, 'pause', id]);
      const latency = await Latency.ofState(pod, other.id);
      context.atEnd(() => latency.close());
      await within(PROMPTLY, 'Connect', client.connectTask(id));
      await within(PROMPTLY, 'State', client.state(id));
      await within(PROMPTLY, 'Pids', client.pids(id));
      await within(PROMPTLY, 'Stats', client.stats(id));
      await assert.rejects(within(PROMPTLY, 'Delete', client.delete(id)));
      await within(PROMPTLY, 'Kill', client.kill(id, 9));
      assert.equal((await within(PROMPTLY, 'Wait', client.wait(id))).exitStatus, 137);
      assert.equal((await events.exitOf(id, 'e')).exitStatus, 137);
      await within(SOON, 'Delete', client.delete(id));
      await assertOthersUnaware(context, pod, latency);
    },
  },
];
