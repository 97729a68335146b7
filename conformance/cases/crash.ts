import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteResponse } from '../../src/proto/messages.ts';
import { mountsBelow } from '../../test/support/mounts.ts';
import { isRunning, listProcesses, waitForEnd } from '../../test/support/processes.ts';
import { busyboxRootfs } from '../../test/support/rootfs.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { killShim, runDelete, tryDelete } from '../support/deleteHelper.ts';
import { wrappedRunc } from '../support/slowRuntime.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

export const crashCases: readonly ConformanceCase[] = [
  {
    name: 'killed-shim-true-status',
    sentence:
      '`delete` after kill -9 of the shim tells the true status of an init that had ended before.',
    threads: ['containerd#6402', 'moby#43491', 'containerd#6452', 'containerd#10727'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id, pid } = await pod.run({ args: ['sh', '-c', 'exit 42'] });
      await pod.client.wait(id);
      await pod.events.exitOf(id);
      await killShim(pod);
      const answer = await runDelete(context, pod, id);
      assert.equal(answer.pid, pid);
      assert.equal(answer.exitStatus, 42);
    },
  },
  {
    name: 'killed-shim-container-is-ended',
    sentence:
      '`delete` after kill -9 of the shim ends the container, unmounts its root, and answers 137 and its pid.',
    threads: ['containerd#6402', 'contract 1.9'],
    fast: true,
    async run(context) {
      const pod = await context.pod();

      const id = pod.newId();
      const source = busyboxRootfs();
      const rootfs = [{ type: 'bind', source, target: '', options: ['rbind', 'ro'] }];
      const input = { args: ['sleep', '1000'], root: 'rootfs', request: { rootfs } };
      const { pid } = await pod.run(input, id);
      await killShim(pod);
      const answer = await runDelete(context, pod, id);
      assert.ok(!isRunning(pid), 'the container runs on');
      assert.equal(answer.pid, pid);
      assert.equal(answer.exitStatus, 137);
      assert.deepEqual(pod.runcStates(), []);
      assert.deepEqual(mountsBelow(pod.sandbox.directory), []);
      // Once more, as the daemon may.
      assert.equal((await runDelete(context, pod, id)).exitStatus, 137);
    },
  },
  {
    name: 'killed-shim-leaves-no-socket',
    sentence: '`delete` after kill -9 of the shim takes its socket away.',
    threads: ['containerd#5173'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      await killShim(pod);
      assert.ok(existsSync(pod.socket));
      await tryDelete(context, pod, 'pod');
      assert.ok(!existsSync(pod.socket), 'the socket is still there');
    },
  },
  {
    name: 'start-after-a-crash',
    sentence: '`start` after kill -9 of the shim takes the dead socket over, and serves.',
    threads: ['containerd#5173', 'contract 2.3'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      await killShim(pod);
      const { bootstrap } = context.shim;
      const address = await pod.startIn('pod', { command: [context.shim.path], bootstrap });
      assert.equal(address, `unix://${pod.socket}`);
      await pod.reconnect();
      assert.equal(await pod.outputOf({ args: ['echo', 'again'] }), 'again\n');
    },
  },
  {
    name: 'delete-after-a-normal-end',
    sentence:
      '`delete` after Delete and Shutdown, as the daemon runs it each time, succeeds and is quiet.',
    threads: ['contract 1.9', 'contract trap 6'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['true'] });
      await pod.client.wait(id);
      await pod.client.delete(id);
      await pod.client.shutdown(id).catch(() => {});
      await waitForEnd(pod.pid);
      const answer = await runDelete(context, pod, id);
      assert.doesNotMatch(answer.stderr, /error|fail/i);
    },
  },
  {
    name: 'delete-of-an-untouched-bundle',
    sentence: '`delete` in a bundle that never saw a Create succeeds.',
    threads: ['contract 1.9', 'contract trap 57'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      const bundle = sandbox.bundle('untouched');
      const words = [...sandbox.flags('untouched'), '-bundle', bundle, 'delete'];
      const result = await context.runShim({ directory: bundle, words });
      assert.equal(result.status, 0, result.stderr);
      assert.equal(DeleteResponse.decode(result.stdout).exitStatus, 137);
    },
  },
  {
    name: 'delete-takes-the-neighbour',
    sentence: '`delete` works on the bundle beside its working directory that is named by -id.',
    threads: ['contract trap 7'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
      await killShim(pod);
      const words = [...pod.sandbox.flags(id), 'delete'];
      const result = await context.runShim({ directory: pod.firstBundle, words });
      assert.equal(result.status, 0, result.stderr);
      assert.equal(DeleteResponse.decode(result.stdout).pid, pid);
      assert.ok(!isRunning(pid));
    },
  },
  {
    name: 'delete-with-a-hanging-runtime',
    sentence: '`delete` answers within the five seconds it has, although the runtime hangs.',
    threads: ['containerd#12344', 'containerd#8931', 'containerd#13848'],
    async run(context) {
      const sandbox = context.sandbox();
      const bundle = sandbox.bundle('hanging');
      const runtime = join(bundle, 'hanging-runc');
      writeFileSync(runtime, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
      writeFileSync(join(bundle, 'runtime'), runtime);
      const root = join(sandbox.directory, 'root');
      mkdirSync(join(root, sandbox.namespace, 'hanging'), { recursive: true });
      writeFileSync(join(bundle, 'options.json'), JSON.stringify({ root }));
      const words = [...sandbox.flags('hanging'), 'delete'];
      const result = await within(SOON, '`delete`', context.runShim({ directory: bundle, words }));
      assert.equal(result.status, 0, result.stderr);
    },
  },
  {
    name: 'shutdown-ends-the-process',
    sentence:
      'Shutdown after the last Delete ends the process, takes the socket, and delivers TaskDelete first.',
    threads: ['containerd#11708', 'containerd#9727', 'contract trap 33'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['true'] });
      await pod.client.wait(id);
      await pod.client.delete(id);
      await pod.client.shutdown(id).catch(() => {});
      await waitForEnd(pod.pid, SOON);
      assert.ok(!existsSync(pod.socket), 'the socket is still there');
      await pod.events.deleteOf(id);
      assert.deepEqual(pod.events.story(id), ['create', 'start', 'exit', 'delete']);
    },
  },
  {
    name: 'shutdown-while-others-live',
    sentence: 'Shutdown with containers left succeeds and changes nothing.',
    threads: ['containerd#11735', 'contract 5.9'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      await pod.client.shutdown('somebody');
      assert.equal((await pod.client.state(id)).status, 2);
      assert.equal((await pod.client.connectTask(id)).shimPid, pod.pid);
    },
  },
  {
    name: 'socket-of-a-named-group-is-removed',
    sentence:
      'The socket of a group with another name than the first container goes with the process.',
    threads: ['contract trap 9'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ group: 'another-name' });
      rmSync(pod.firstBundle, { recursive: true });
      await pod.client.shutdown('pod').catch(() => {});
      await waitForEnd(pod.pid, SOON);
      assert.ok(!existsSync(pod.socket), 'the socket is still there');
    },
  },
  {
    name: 'first-bundle-is-gone',
    sentence: 'A pod goes on when the bundle that its shim was started in has been removed.',
    threads: ['contract trap 8'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      rmSync(pod.firstBundle, { recursive: true });
      assert.equal(await pod.outputOf({ args: ['echo', 'on'] }), 'on\n');
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      assert.equal(await pod.outputOfExec(id, ['echo', 'on']), 'on\n');
      await pod.remove(id);
    },
  },
  {
    name: 'client-gone-in-create',
    sentence:
      'When the daemon goes in the middle of a Create, `delete` leaves no container, mount or process.',
    threads: ['containerd#6860', 'containerd#6866', 'containerd#5015', 'contract trap 20'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const begun = join(pod.sandbox.directory, 'begun');
      const binaryName = wrappedRunc(pod, { create: `touch ${begun}; sleep 0.7` });
      const bundle = pod.bundle(id, { args: ['sleep', '1000'], root: 'rootfs' });
      const rootfs = [
        { type: 'bind', source: busyboxRootfs(), target: '', options: ['rbind', 'ro'] },
      ];
      const options = pod.options({ binaryName });
      const other = await pod.connect(pod.client.service);
      const creating = other.create({ id, bundle, options, rootfs });
      creating.catch(() => {});
      await waitUntil('the runtime runs', () => existsSync(begun), SOON);
      other.close();
      await assert.rejects(creating);
      await within(PROMPTLY, 'Connect', pod.client.connectTask('x'));
      await killShim(pod);
      await runDelete(context, pod, id);
      // A runtime that nobody waits for any more may be on its way still.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.equal((await runDelete(context, pod, id)).exitStatus, 137);
      assert.deepEqual(pod.runcStates(), []);
      assert.deepEqual(mountsBelow(pod.sandbox.directory), []);
      const inBundle = listProcesses().filter(({ argv }) => argv.includes(bundle));
      assert.deepEqual(inBundle, []);
    },
  },
  {
    name: 'descriptors-and-inotify-flat',
    sentence:
      'Many containers with execs and terminals later the shim has the descriptors of before.',
    threads: ['containerd#5670', 'containerd#3266', 'containerd#13561', 'contract trap 44'],
    seconds: 60,
    fullSeconds: 1200,
    async run(context) {
      const pod = await context.pod();
      const rounds = context.amount({ middle: 15, full: 500 });
      const live = async (): Promise<void> => {
        const { id } = await pod.run({ args: ['sleep', '1000'] });
        await pod.outputOfExec(id, ['true']);
        await pod.remove(id);
        await pod.outputOf({ args: ['echo', 'tty'], terminal: true });
      };
      const kinds = (): string[] =>
        pod
          .descriptors()
          .map((path) => path.replace(/\d+/g, 'N'))
          .sort();
      await live();
      await live();

      const before = kinds();
      for (let round = 0; round < rounds; round += 1) await live();
      const end = performance.now() + SOON;
      while (kinds().length !== before.length && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.deepEqual(kinds(), before);
    },
  },
];
