import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { asDaemon } from '../../support/asDaemon.ts';
import { shimCommand } from '../../support/binary.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { skipFor } from '../../support/skipping.ts';
import { waitUntil } from '../../support/waiting.ts';

const goShim = '/usr/bin/containerd-shim-runc-v2';

/** What the kernel tells of a process, less what is another one in each: pids, memory, counters. */
const report = `
  echo "# status"
  grep -vE '^(Name|State|Tgid|Pid|PPid|NS.*|Vm.*|Rss.*|SigQ|FDSize|Hugetlb.*|.*ctxt_switches|Ngid)' /proc/self/status
  echo "# limits"; cat /proc/self/limits
  echo "# priority, nice, threads, scheduling"; cut -d' ' -f18,19,20,40,41 /proc/self/stat
  echo "# of its session and its group"; sh -c 'cut -d" " -f5,6 /proc/$$/stat' | sed "s/\\b$$\\b/itself/g"
  for name in oom_score_adj personality coredump_filter loginuid sessionid timerslack_ns; do
    echo "# $name"; cat /proc/self/$name; echo
  done
  echo "# umask"; umask
  echo "# directory"; pwd
  echo "# environment"; env | sort
  echo "# descriptors"
  for descriptor in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/self/fd/$descriptor || echo none; done
  echo "# cgroups"; cut -d: -f2 /proc/self/cgroup
`;

/** Numbers of pipes and terminals are others each time; a terminal ends its lines in two characters. */
function linesOf(text: string): string[] {
  return text
    .replace(/(pipe:\[|\/dev\/pts\/)\d+/g, '$1N')
    .split('\n')
    .map((line) => line.trimEnd());
}

interface Reports {
  readonly init: string;
  readonly exec: string;
  readonly terminal: string;
  readonly execWithTerminal: string;
  /** Who owns /proc/<pid> of a process of user 1000: root, if its memory is closed to its user (not dumpable). */
  readonly ownerInProc: number;
}

async function withTerminal(pod: ShimPod): Promise<string> {
  const id = pod.newId('tty');
  const { stdout } = pod.fifos(id);
  const reader = pod.read(stdout);
  await pod.run({ args: ['sh', '-c', report], terminal: true, request: { stdout } }, id);
  const { stdout: text } = await reader.finished;
  await pod.client.wait(id);
  await pod.client.delete(id);
  return text;
}

async function execWithTerminal(pod: ShimPod, id: string): Promise<string> {
  const execId = pod.newId('exectty');
  const { stdout } = pod.fifos(execId);
  const reader = pod.read(stdout);
  await pod.client.exec({ id, execId, args: ['sh', '-c', report], terminal: true, stdout });
  await pod.client.start(id, execId);
  const { stdout: text } = await reader.finished;
  await pod.client.wait(id, execId);
  await pod.client.delete(id, execId);
  return text;
}

async function ownerInProc(pod: ShimPod, id: string): Promise<number> {
  const process = { user: { uid: 1000, gid: 1000 } };
  await pod.client.exec({ id, execId: 'user', args: ['sleep', '1000'], process });
  const { pid } = await pod.client.start(id, 'user');
  const owner = (): number => statSync(`/proc/${pid}`).uid;
  // The runtime's own process, before it becomes this one, is closed.
  await waitUntil('the process belongs to its user', () => owner() !== 0, 10_000).catch(() => {});
  return owner();
}

async function reportsUnder(command: readonly string[]): Promise<Reports> {
  const pod = await ShimPod.start({
    command: asDaemon(command),
    environment: { OF_THE_DAEMON: 'x', GOMAXPROCS: '2' },
    log: 'read',
    stderrIfNone: '/dev/null',
  });
  try {
    const init = await pod.outputOf({ args: ['sh', '-c', report] });
    const terminal = await withTerminal(pod);
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const exec = await pod.outputOfExec(id, ['sh', '-c', report]);
    const execTerminal = await execWithTerminal(pod, id);
    const owner = await ownerInProc(pod, id);
    return { init, exec, terminal, execWithTerminal: execTerminal, ownerInProc: owner };
  } finally {
    await pod.close();
  }
}

const missing = existsSync(goShim) ? undefined : `there is no ${goShim} to compare with`;
describe('a process gets from podshim what it gets from the Go shim', skipFor(missing), () => {
  let ours: Reports;
  let theirs: Reports;
  before(async () => {
    theirs = await reportsUnder([goShim]);
    ours = await reportsUnder(shimCommand());
  });

  for (const kind of ['init', 'exec', 'terminal', 'execWithTerminal'] as const) {
    test(`as ${kind}`, () => {
      assert.ok(linesOf(theirs[kind]).includes('# cgroups'), 'the report is whole');
      assert.deepEqual(linesOf(ours[kind]), linesOf(theirs[kind]));
    });
  }

  test('as an exec of another user, whose memory is its own', () => {
    assert.deepEqual([ours.ownerInProc, theirs.ownerInProc], [1000, 1000]);
  });
});
