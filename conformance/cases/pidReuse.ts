import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { readProcess } from '../../test/support/processes.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import { type ConformanceCase, skip } from '../case.ts';
import type { CaseContext } from '../support/context.ts';
import { SOON, within } from '../support/within.ts';

/** The kernel begins again at 300: these many numbers are left, of which each process of the runtime takes ten. */
const PID_MAX = 380;

/** Since Linux 6.14 each pid namespace has a kernel.pid_max of its own. Before, it would be the machine's. */
function namespacesHaveLimits(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

/** A pid namespace with few pids, whose first process does nothing but hold it. */
class SmallNamespace {
  readonly pid: number;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder;
    this.pid = pid;
  }

  static async create(context: CaseContext): Promise<SmallNamespace> {
    // Orphans whose exit is ignored leave no zombie.
    const script = `echo ${PID_MAX} > /proc/sys/kernel/pid_max; trap "" CHLD; exec sleep 100000`;
    const words = ['--pid', '--mount-proc', '--fork', '--kill-child', 'sh', '-c', script];
    const holder = spawn('unshare', words, { stdio: 'ignore' });
    context.atEnd(() => void holder.kill('SIGKILL'));
    const pid = await waitUntil(
      'the namespace is there',
      () => {
        const children = `/proc/${holder.pid}/task/${holder.pid}/children`;
        const child = Number(readFileSync(children, 'utf8').trim());
        return readProcess(child)?.argv[0] === 'sleep' && child;
      },
      SOON,
    );
    return new SmallNamespace(holder, pid);
  }

  /** A command that is run in the namespace, in the directory that it is given here, by a parent that is in there too. */
  command(path: string): readonly string[] {
    const inside = `'"$0" "$@"; exit $?'`;
    const enter = `exec nsenter --target ${this.pid} --pid --mount --wd="$PWD" sh -c ${inside} "$0" "$@"`;
    return ['sh', '-c', enter, path];
  }

  close(): void {
    this.#holder.kill('SIGKILL');
  }
}

export const pidReuseCases: readonly ConformanceCase[] = [
  {
    name: 'pid-used-again',
    sentence:
      'An exec whose pid belonged to another one, which ended and is not deleted, has an end of its own.',
    threads: ['containerd#13049', 'containerd#5630', 'containerd#9218'],
    fast: true,
    seconds: 60,
    fullSeconds: 600,
    async run(context) {
      if (!namespacesHaveLimits()) skip('kernel.pid_max would be the whole machine’s');
      const before = readFileSync('/proc/sys/kernel/pid_max', 'utf8');
      const namespace = await SmallNamespace.create(context);
      assert.equal(readFileSync('/proc/sys/kernel/pid_max', 'utf8'), before, 'the machine’s own');
      const pod = await context.pod({ command: namespace.command(context.shim.path) });
      const { client, events } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const rounds = context.amount({ fast: 80, middle: 200, full: 2000 });
      const kept = new Map<string, number>();
      const owners = new Map<number, string>();
      let reused = 0;
      for (let round = 0; round < rounds; round += 1) {
        const execId = `e${round}`;
        const status = round % 200;
        await client.exec({ id, execId, args: ['sh', '-c', `exit ${status}`] });
        const { pid } = await client.start(id, execId);
        const owner = owners.get(pid);
        if (owner !== undefined) reused += 1;
        owners.set(pid, execId);
        const what = `Wait of ${execId}, pid ${pid}, which was ${owner ?? 'nobody'}'s`;
        const { exitStatus } = await within(2 * SOON, what, client.wait(id, execId));
        assert.equal(exitStatus, status, what);
        assert.equal((await events.exitOf(id, execId)).exitStatus, status, `TaskExit of ${execId}`);
        kept.set(execId, status);
        if (kept.size < 40) continue;
        // The oldest one has kept its end.
        const [[oldId, oldStatus] = ['', 0]] = kept;
        assert.equal((await client.state(id, oldId)).exitStatus, oldStatus, `State of ${oldId}`);
        assert.equal((await client.delete(id, oldId)).exitStatus, oldStatus, `Delete of ${oldId}`);
        kept.delete(oldId);
      }
      const story = events.story(id).filter((line) => line.startsWith('exit '));
      assert.equal(story.length, rounds, 'TaskExit');
      assert.ok(reused > 0, 'no pid was used again');
    },
  },
];
