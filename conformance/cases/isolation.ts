import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsBelow, moveProcessesDown } from '../../test/support/cgroups.ts';
import { listProcesses } from '../../test/support/processes.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import { type ConformanceCase, skip } from '../case.ts';
import { wrappedRunc } from '../support/slowRuntime.ts';
import { SOON } from '../support/within.ts';

/** Runs a program as an init and as an exec: both get the same from the shim. */
async function assertOutput(pod: ShimPod, args: readonly string[], expected: RegExp) {
  assert.match(await pod.outputOf({ args }), expected, 'as an init');
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  assert.match(await pod.outputOfExec(id, args), expected, 'as an exec');
}

export const isolationCases: readonly ConformanceCase[] = [
  {
    name: 'container-descriptors',
    sentence: 'A process in a container has no descriptor but its stdio.',
    threads: ['contract trap 50a'],
    fast: true,
    async run(context) {
      // The last one is the directory itself.
      await assertOutput(await context.pod(), ['ls', '/proc/self/fd'], /^0\n1\n2\n3\n$/);
    },
  },
  {
    name: 'container-signals',
    sentence: 'A process in a container has no signal ignored or blocked.',
    threads: ['contract trap 50a'],
    fast: true,
    async run(context) {
      const args = ['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'];
      await assertOutput(await context.pod(), args, /^SigBlk:\t0{16}\nSigIgn:\t0{16}\n$/);
    },
  },
  {
    name: 'container-huge-pages',
    sentence: 'A process in a container may have huge pages where the caller of `start` may.',
    threads: ['rust-extensions#195'],
    fast: true,
    async run(context) {
      const pattern = /^THP_enabled:\s+(\d)$/m;
      const own = pattern.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      if (own === undefined) skip('the kernel does not tell');
      const args = ['grep', 'THP_enabled', '/proc/self/status'];
      await assertOutput(await context.pod(), args, new RegExp(`^THP_enabled:\\s+${own}\\n$`));
    },
  },
  {
    name: 'container-environment',
    sentence:
      'A process in a container has the environment of its spec, and nothing of the daemon’s.',
    threads: ['contract 1.3'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ environment: { OUR_SECRET: 'x' } });
      const script = 'env | cut -d= -f1 | grep -vx -e PWD -e SHLVL -e HOME | sort';
      await assertOutput(pod, ['sh', '-c', script], /^PATH\nTERM\n$/);
    },
  },
  {
    name: 'runtime-open-files-limit',
    sentence: 'The OCI runtime has the limit of open files that the caller of `start` has.',
    threads: ['contract trap 50a', 'contract 3.8'],
    fast: true,
    async run(context) {
      const command = ['prlimit', '--nofile=1024:4096', context.shim.path];
      const pod = await context.pod({ command });
      const note = join(pod.sandbox.directory, 'limits');
      const script = `{ ulimit -Sn; ulimit -Hn; } >> ${note}`;
      const options = pod.options({ binaryName: wrappedRunc(pod, { '': script }) });
      const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
      await pod.outputOfExec(id, ['true']);
      assert.match(readFileSync(note, 'utf8'), /^(1024\n4096\n)+$/);
    },
  },
  {
    name: 'runtime-without-notify-socket',
    sentence: 'NOTIFY_SOCKET is not handed to the OCI runtime, which would wait for systemd.',
    threads: ['contract trap 51'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ environment: { NOTIFY_SOCKET: '/nowhere' } });
      const note = join(pod.sandbox.directory, 'notes');
      writeFileSync(note, '');
      const script = `echo "[$NOTIFY_SOCKET]" >> ${note}`;
      const options = pod.options({ binaryName: wrappedRunc(pod, { '': script }) });
      await pod.run({ args: ['sleep', '1000'], request: { options } });
      assert.match(readFileSync(note, 'utf8'), /^(\[\]\n)+$/);
    },
  },
  {
    name: 'no-network-server',
    sentence: 'The shim listens on its socket and nowhere else, after SIGUSR1 as well.',
    threads: ['zeropod#42', 'runwasi#821', 'pains.md: SIGUSR1 and the inspector'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      process.kill(pod.pid, 'SIGUSR1');
      await pod.outputOf({ args: ['true'] });
      const own = pod.descriptors();
      const listening = ['tcp', 'tcp6'].flatMap((name) =>
        readFileSync(`/proc/${pod.pid}/net/${name}`, 'utf8')
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
          .filter((fields) => own.includes(`socket:[${fields[9]}]`))
          .map((fields) => `${name} ${fields[1]}`),
      );
      assert.deepEqual(listening, []);
    },
  },
  {
    name: 'no-huge-pages',
    sentence:
      'The shim has no transparent huge page, also where the machine gives them to everybody.',
    threads: ['rust-extensions#195'],
    fast: true,
    async run(context) {
      const setting = readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8');
      if (!setting.includes('[always]')) skip('the machine does not give them to everybody');
      const pod = await context.pod();
      const rollup = readFileSync(`/proc/${pod.pid}/smaps_rollup`, 'utf8');
      assert.match(rollup, /^AnonHugePages:\s+0 kB$/m);
    },
  },
  {
    name: 'container-in-a-cgroup-of-its-own',
    sentence:
      'A container whose processes have moved to a cgroup below its own is judged as living, listed, and deleted whole.',
    threads: ['containerd#13784'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id, pid } = await pod.run({ args: ['sh', '-c', 'sleep 1000 & wait'] });
      const both = async () => (await client.pids(id)).processes.length === 2;
      await waitUntil('both processes run', both, 5000);
      moveProcessesDown(pod.cgroupOf(id));
      const { processes } = await client.pids(id);
      assert.ok(
        processes.some((process) => process.pid === pid),
        'Pids does not list the init',
      );
      assert.equal(processes.length, 2, 'processes');
      assert.equal((await client.state(id)).status, 2);
      assert.equal((await client.connectTask(id)).taskPid, pid);
      await pod.remove(id);
      assert.deepEqual(cgroupsBelow(pod.cgroup), []);
    },
  },
  {
    name: 'no-child-is-kept',
    sentence: 'A shim with containers has no helper process of its own beside them.',
    threads: ['nerdctl#1877', 'containerd#13290'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
      await pod.outputOfExec(id, ['true']);
      const others = () =>
        listProcesses().filter((child) => child.parent === pod.pid && child.pid !== pid);
      await waitUntil('the container is the only child', () => others().length === 0, SOON);
    },
  },
];
