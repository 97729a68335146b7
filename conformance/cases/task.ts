import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessDetails, RuntimeInfo, RuntimeOptionsV1 } from '../../src/proto/messages.ts';
import type { ShimClient } from '../../test/support/shimClient.ts';
import type { ConformanceCase } from '../case.ts';
import { wrappedRunc } from '../support/slowRuntime.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

const CREATED = 1;
const YEAR_ONE = -62135596800n;

type Operation = (client: ShimClient, id: string) => Promise<unknown>;

const OPERATIONS = {
  start: (client, id) => client.start(id),
  delete: (client, id) => client.delete(id),
  pause: (client, id) => client.pause(id),
  resume: (client, id) => client.resume(id),
  update: (client, id) => client.update(id, {}),
  exec: (client, id) => client.exec({ id, execId: 'e', args: ['true'] }),
} satisfies Record<string, Operation>;

/** What is refused in which state, with the text that clients match (contract 5.11). */
const REFUSALS: readonly [string, keyof typeof OPERATIONS, string][] = [
  ['created', 'pause', 'cannot pause task in created state'],
  ['created', 'resume', 'cannot resume task in created state'],
  ['running', 'start', 'cannot start a running process'],
  ['running', 'delete', 'cannot delete a running process'],
  ['running', 'resume', 'cannot resume a running process'],
  ['paused', 'start', 'cannot start a paused process'],
  ['paused', 'delete', 'cannot delete a paused process'],
  ['paused', 'pause', 'cannot pause a paused container'],
  ['paused', 'exec', 'cannot exec in a paused state'],
  ['stopped', 'start', 'cannot start a stopped process'],
  ['stopped', 'pause', 'cannot pause a stopped container'],
  ['stopped', 'resume', 'cannot resume a stopped container'],
  ['stopped', 'update', 'cannot update a stopped container'],
  ['stopped', 'exec', 'cannot exec in a stopped state'],
];

export const taskCases: readonly ConformanceCase[] = [
  {
    name: 'unknown-container-is-not-found',
    sentence: 'Each method says NotFound of a container that is not there.',
    threads: ['contract 5.2', 'contract 17'],
    fast: true,
    async run(context) {
      const { client } = await context.pod();
      const operations: Operation[] = [
        ...Object.values(OPERATIONS),
        (task, id) => task.state(id),
        (task, id) => task.kill(id, 9),
        (task, id) => task.pids(id),
        (task, id) => task.wait(id),
        (task, id) => task.closeIo(id),
        (task, id) => task.stats(id),
      ];
      for (const operation of operations) {
        await assert.rejects(operation(client, 'nobody'), { code: 5, message: /: not found$/ });
      }
      assert.equal((await client.connectTask('nobody')).taskPid, 0);
    },
  },
  {
    name: 'refusals-by-state',
    sentence: 'What a state does not allow is refused in the words that clients match.',
    threads: ['contract 5.11', 'contract 17'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.create({ args: ['sleep', '1000'] });
      const assertRefusals = async (state: string): Promise<void> => {
        for (const [when, name, message] of REFUSALS) {
          if (when !== state) continue;
          await assert.rejects(
            OPERATIONS[name](client, id),
            { code: 2, message },
            `${name} ${when}`,
          );
        }
      };
      await assertRefusals('created');
      await client.start(id);
      await assertRefusals('running');
      await client.pause(id);
      await assertRefusals('paused');
      await client.resume(id);
      await client.kill(id, 9);
      await client.wait(id);
      await assertRefusals('stopped');
      const finished = { code: 5, message: 'process already finished: not found' };
      await assert.rejects(client.kill(id, 9), finished);
    },
  },
  {
    name: 'times-that-never-were',
    sentence: 'The exit time of a living process is sent, and is the year 1.',
    threads: ['contract trap 21', 'contract 5.1'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const { exitedAt } = await pod.client.state(id);
      assert.equal(BigInt(String(exitedAt?.seconds)), YEAR_ONE);
    },
  },
  {
    name: 'state-of-an-exec',
    sentence:
      'State of an exec has the exec’s id in `id`, nothing in `exec_id`, and the paths it was given.',
    threads: ['contract trap 22', 'contract 5.9'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id, bundle } = await pod.run({ args: ['sleep', '1000'] });
      const { stdin, stdout, stderr } = pod.fifos('exec');
      await client.exec({ id, execId: 'one', args: ['true'], stdin, stdout, stderr });
      const state = await client.state(id, 'one');
      assert.deepEqual(
        [state.id, state.execId, state.bundle, state.status, state.pid],
        ['one', '', bundle, CREATED, 0],
      );
      assert.deepEqual([state.stdin, state.stdout, state.stderr], [stdin, stdout, stderr]);
      await client.delete(id, 'one');
    },
  },
  {
    name: 'exec-id-twice',
    sentence: 'An exec id that is taken is AlreadyExists, and its owner is not disturbed.',
    threads: ['contract 5.6'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
      await assert.rejects(client.exec({ id, execId: 'e', args: ['true'] }), { code: 6 });
      const { pid } = await client.start(id, 'e');
      assert.equal((await client.state(id, 'e')).pid, pid);
    },
  },
  {
    name: 'container-id-twice',
    sentence:
      'A Create with an id that is taken fails, and the container that has it can be used as before.',
    threads: ['contract 5.3'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id, bundle, pid } = await pod.run({ args: ['sh', '-c', 'sleep 1000'] });
      await assert.rejects(client.create({ id, bundle, options: pod.options() }));
      const state = await client.state(id);
      assert.deepEqual([state.status, state.pid], [2, pid]);
      await client.kill(id, 9);
      assert.equal((await within(SOON, 'Wait', client.wait(id))).exitStatus, 137);
      assert.equal((await client.delete(id)).exitStatus, 137);
    },
  },
  {
    name: 'slow-create-holds-nobody-up',
    sentence:
      'While the runtime takes its time to create one container, State of another is answered at once.',
    threads: ['containerd#13848', 'contract 5.12'],
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const other = await pod.run({ args: ['sleep', '1000'] });
      const binaryName = wrappedRunc(pod, { create: 'sleep 4' });
      const options = pod.options({ binaryName });
      const creating = pod.create({ args: ['sleep', '1000'], request: { options } });
      creating.catch(() => {});
      // Answered behind the Create, which was read before it.
      await client.connectTask('x');
      await within(PROMPTLY, 'State of another', client.state(other.id));
      await within(PROMPTLY, 'Kill of another', client.kill(other.id, 9));
      await within(PROMPTLY, 'Wait of another', client.wait(other.id));
      await creating;
    },
  },
  {
    name: 'wedged-runtime-holds-no-question-up',
    sentence:
      'While a Kill hangs in the runtime, Connect and State of that container are answered at once.',
    threads: ['containerd#13848', 'contract 1.13'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const binaryName = wrappedRunc(pod, { kill: 'exec sleep 12' });
      const options = pod.options({ binaryName });
      const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
      client.kill(id, 9).catch(() => {});
      await within(PROMPTLY, 'Connect', client.connectTask(id));
      await within(PROMPTLY, 'State', client.state(id));
    },
  },
  {
    name: 'one-runtime-call-per-exec',
    sentence: 'An exec, from Exec to Delete, runs the OCI runtime once.',
    threads: ['kubernetes#82440', 'containerd#3711', 'runc#3973', 'containerd#11917'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const calls = join(pod.sandbox.directory, 'calls');
      writeFileSync(calls, '');
      const binaryName = wrappedRunc(pod, { '': `echo call >> ${calls}` });
      const options = pod.options({ binaryName });
      const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
      const before = readFileSync(calls, 'utf8').length;
      await client.exec({ id, execId: 'e', args: ['true'] });
      await client.start(id, 'e');
      await client.state(id, 'e');
      await client.wait(id, 'e');
      await client.delete(id, 'e');
      assert.equal(readFileSync(calls, 'utf8').slice(before), 'call\n');
    },
  },
  {
    name: 'options-of-cri',
    sentence:
      'The options that CRI sends to a runtime of another name, with TOML in them, are taken.',
    threads: ['containerd#9671', 'contract trap 58'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const configBody = new TextEncoder().encode(`Root = "${pod.runcRoot}"\n`);
      const value = RuntimeOptionsV1.encode({ configBody }).finish();
      const options = { typeUrl: 'runtimeoptions.v1.Options', value };
      const { id } = await pod.run({ args: ['true'], request: { options } });
      await pod.client.wait(id);
      await pod.client.delete(id);
    },
  },
  {
    name: 'pids-name-the-execs',
    sentence: 'Pids lists all processes, and names execs only.',
    threads: ['contract 5.8'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id, pid } = await pod.run({ args: ['sh', '-c', 'sleep 1000 & wait'] });
      await client.exec({ id, execId: 'one', args: ['sleep', '1000'] });
      const exec = await client.start(id, 'one');
      const { processes } = await client.pids(id);
      assert.ok(processes.some((process) => process.pid === pid));
      for (const process of processes) {
        if (process.pid !== exec.pid) assert.equal(process.info ?? undefined, undefined);
      }
      const info = processes.find((process) => process.pid === exec.pid)?.info;
      assert.equal(info?.typeUrl, 'containerd.runc.v1.ProcessDetails');
      assert.equal(ProcessDetails.decode(info.value).execId, 'one');
    },
  },
  {
    name: 'pause-resume-stats',
    sentence: 'Pause and Resume have their events, and Stats is one of the two known types.',
    threads: ['contract 5.8', 'contract 5.13'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await pod.client.pause(id);
      await pod.client.resume(id);
      const { stats } = await pod.client.stats(id);
      assert.match(stats?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/);
      await pod.remove(id);
      await pod.events.deleteOf(id);
      const story = ['create', 'start', 'paused', 'resumed', 'exit', 'delete'];
      assert.deepEqual(pod.events.story(id), story);
    },
  },
  {
    name: 'info-is-answered',
    sentence: '`-info` tells the name and version of the runtime, without a namespace.',
    threads: ['contract 1.8'],
    fast: true,
    async run(context) {
      const { directory } = context.sandbox();
      const result = await context.runShim({ directory, words: ['-info'] });
      assert.equal(result.status, 0, result.stderr.split('\n')[0]);
      const info = RuntimeInfo.decode(result.stdout);
      assert.match(info.name, /^[a-z0-9.]+$/);
      assert.ok(info.version?.version);
    },
  },
];
