import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PodSandboxConfig } from '../../../src/proto/messages.ts';
import { dateOf } from '../../../src/proto/timestamp.ts';
import { isRunning, waitForEnd } from '../../support/processes.ts';
import { SandboxClient } from '../../support/sandboxClient.ts';
import { ShimClient, TASK_V3 } from '../../support/shimClient.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { runShim, ShimSandbox } from '../../support/shimRun.ts';
import { waitUntil } from '../../support/waiting.ts';

/** A network namespace with a name, as a CNI-using daemon makes one. */
class NetworkNamespace {
  readonly name = `podshim-test-${process.pid}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name]);
  }

  remove(): void {
    execFileSync('ip', ['netns', 'delete', this.name]);
  }
}

const sandboxId = 'box';
let network: NetworkNamespace;
before(() => {
  network = new NetworkNamespace();
});
after(() => network?.remove());

/** `net:[4026531840]` and the like; equal texts are equal namespaces. */
function namespaceOf(pid: number, kind: string): string {
  return readlinkSync(`/proc/${pid}/ns/${kind}`);
}

describe('a sandbox without a spec', () => {
  let pod: ShimPod;
  let sandbox: SandboxClient;
  beforeEach(async () => {
    pod = await ShimPod.start();
    sandbox = new SandboxClient(pod.client.client);
  });
  const closing = (work: () => Promise<void>) => async () => {
    try {
      await work();
    } finally {
      await pod.close();
    }
  };
  const create = (more = {}) => {
    const bundlePath = join(pod.sandbox.directory, sandboxId);
    mkdirSync(bundlePath);
    return sandbox.create({ sandboxId, bundlePath, netnsPath: network.path, ...more });
  };
  const criConfig = (config: Parameters<typeof PodSandboxConfig.encode>[0]) => ({
    typeUrl: PodSandboxConfig.fullName,
    value: PodSandboxConfig.encode(config).finish(),
  });
  /** What CRI makes of the sandbox's pid. */
  const podNamespaces = (pid: number) =>
    ['network', 'ipc', 'uts'].map((type) => ({
      type,
      path: `/proc/${pid}/ns/${type === 'network' ? 'net' : type}`,
    }));

  test(
    'goes through the whole sequence of a 2.x daemon without any process',
    closing(async () => {
      const begun = Date.now();
      await create();
      assert.equal((await sandbox.status(sandboxId)).state, 'SANDBOX_NOTREADY');
      const { pid, createdAt } = await sandbox.start(sandboxId);
      assert.ok(createdAt && dateOf(createdAt).getTime() >= begun - 1);
      assert.notEqual(pid, 0);
      assert.ok(existsSync(`/proc/${pod.pid}/task/${pid}`), 'the pid is a thread of the shim');
      assert.equal(namespaceOf(pid, 'net'), namespaceOfFile(network.path));
      for (const kind of ['ipc', 'uts']) {
        assert.notEqual(namespaceOf(pid, kind), namespaceOf(pod.pid, kind));
      }
      assert.equal(namespaceOf(pod.pid, 'net'), namespaceOf(process.pid, 'net'));

      const { platform } = await sandbox.platform(sandboxId);
      assert.equal(platform?.os, 'linux');
      assert.match(platform?.architecture ?? '', /^(amd64|arm64)$/);
      await sandbox.ping(sandboxId);
      const ready = await sandbox.status(sandboxId, true);
      assert.equal(ready.state, 'SANDBOX_READY');
      assert.equal(ready.pid, pid);
      assert.equal(ready.info.shimPid, String(pod.pid));
      assert.equal(ready.exitedAt?.seconds, -62135596800n);
      const waiting = sandbox.wait(sandboxId);

      // Containers come by the Task API, version 3, without a helper of their own.
      const tasks = await pod.connect(TASK_V3);
      const namespaces = podNamespaces(pid);
      const one = await pod.run({ args: ['sleep', '1000'], namespaces }, 'one');
      const two = await pod.run({ args: ['sleep', '1000'], namespaces }, 'two');
      for (const kind of ['net', 'ipc', 'uts']) {
        assert.equal(namespaceOf(one.pid, kind), namespaceOf(pid, kind));
        assert.equal(namespaceOf(two.pid, kind), namespaceOf(one.pid, kind));
      }
      const { metrics } = await sandbox.metrics(sandboxId);
      assert.equal(metrics?.id, sandboxId);

      // Neither an empty server nor a Shutdown of a container ends it.
      await pod.remove('one');
      await tasks.shutdown('one');
      await pod.remove('two');
      await tasks.shutdown('two');
      tasks.close();
      assert.equal((await sandbox.status(sandboxId)).state, 'SANDBOX_READY');
      assert.ok(isRunning(pod.pid));

      await sandbox.stop(sandboxId);
      const ended = await waiting;
      assert.equal(ended.exitStatus, 0);
      assert.ok(ended.exitedAt && dateOf(ended.exitedAt).getTime() >= begun - 1);
      const stopped = await sandbox.status(sandboxId);
      assert.equal(stopped.state, 'SANDBOX_NOTREADY');
      assert.deepEqual(stopped.exitedAt, ended.exitedAt);
      await waitUntil('the thread is gone', () => !existsSync(`/proc/${pod.pid}/task/${pid}`));
      await sandbox.shutdown(sandboxId);
      await waitForEnd(pod.pid);
      assert.ok(!existsSync(pod.socket));
    }),
  );

  test(
    'ends what is left in it, at once or with time to end by itself',
    closing(async () => {
      await create();
      await sandbox.start(sandboxId);
      for (const [id, action] of [
        ['graceful', 'exit 3'],
        ['stubborn', ''],
      ] as const) {
        const { stdout } = pod.fifos(id);
        const out = pod.read(stdout);
        const trap = `trap "${action}" TERM; echo trapped; while :; do sleep 0.1; done`;
        await pod.run({ args: ['sh', '-c', trap], request: { stdout } }, id);
        await out.waitForOutput(/trapped/);
      }
      await pod.run({ args: ['sleep', '1000'] }, 'paused');
      await pod.client.pause('paused');
      await pod.create({ args: ['true'] }, 'created');
      await sandbox.stop(sandboxId, 1);
      const statuses = [];
      for (const id of ['graceful', 'stubborn', 'paused', 'created']) {
        statuses.push((await pod.client.wait(id)).exitStatus);
      }
      assert.deepEqual(statuses.slice(0, 3), [3, 137, 137]);
      await sandbox.stop(sandboxId);

      // The server outlives the sandbox until its last container is deleted.
      await sandbox.shutdown(sandboxId);
      await assert.rejects(sandbox.status(sandboxId), { code: 5 });
      for (const id of ['graceful', 'stubborn', 'paused', 'created']) {
        assert.ok(isRunning(pod.pid));
        await pod.client.delete(id);
      }
      await waitForEnd(pod.pid);
    }),
  );

  test(
    'has the host name and the kernel settings of its pod',
    closing(async () => {
      const options = criConfig({
        hostname: 'the-pod',
        linux: {
          securityContext: { namespaceOptions: { pid: 1 } },
          sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80', 'kernel.shm_rmid_forced': '1' },
        },
      });
      await create({ options });
      const { pid } = await sandbox.start(sandboxId);
      const uts = execFileSync('nsenter', [`--uts=/proc/${pid}/ns/uts`, 'uname', '-n'], {
        encoding: 'utf8',
      });
      assert.equal(uts.trim(), 'the-pod');
      const port = execFileSync(
        'nsenter',
        [`--net=/proc/${pid}/ns/net`, 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start'],
        { encoding: 'utf8' },
      );
      assert.equal(port.trim(), '80');
      assert.notEqual(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(), 'the-pod');
    }),
  );

  test(
    'of a pod in the network and IPC of the machine has neither of its own',
    closing(async () => {
      const options = criConfig({
        hostname: 'ignored',
        linux: { securityContext: { namespaceOptions: { network: 2, pid: 1, ipc: 2 } } },
      });
      await create({ options, netnsPath: '' });
      const { pid } = await sandbox.start(sandboxId);
      for (const kind of ['net', 'ipc', 'uts']) {
        assert.equal(namespaceOf(pid, kind), namespaceOf(pod.pid, kind));
      }
    }),
  );

  test(
    'is refused where a process would be needed, and the server ends when it is told',
    closing(async () => {
      const options = criConfig({ linux: { securityContext: { namespaceOptions: { pid: 0 } } } });
      await assert.rejects(create({ options }), { code: 12, message: /needs a pause container/ });
      await sandbox.shutdown(sandboxId);
      await waitForEnd(pod.pid);
    }),
  );

  test(
    'says what is wrong',
    closing(async () => {
      for (const method of ['start', 'stop', 'wait', 'ping', 'platform', 'metrics'] as const) {
        const absent = { code: 5, message: 'sandbox box: not found' };
        await assert.rejects(sandbox[method](sandboxId), absent, method);
      }
      await create({ netnsPath: '/run/netns/no-such-namespace' });
      await assert.rejects(sandbox.start(sandboxId), {
        message: /open \/run\/netns\/no-such-namespace: no such file or directory/,
      });
      const again = { sandboxId: 'other', bundlePath: '/tmp' };
      await assert.rejects(sandbox.create(again), { code: 6 });
      await assert.rejects(sandbox.shutdown('other'), { code: 5 });
      await sandbox.shutdown(sandboxId);
      await waitForEnd(pod.pid);
    }),
  );
});

describe('a bundle without a spec', () => {
  test('is started, served and deleted as a 2.x daemon does it', async () => {
    const daemon = new ShimSandbox();
    try {
      const bundle = join(daemon.directory, sandboxId);
      const persistent = join(daemon.directory, 'persistent');
      for (const path of [bundle, persistent, join(bundle, 'rootfs')]) mkdirSync(path);
      symlinkSync(persistent, join(bundle, 'work'));
      const directory = bundle;
      const words = daemon.flags(sandboxId);
      const started = await runShim({ directory, words: [...words, 'start'] });
      assert.equal(started.status, 0, started.stderr);
      const client = await ShimClient.connect(daemon.own(started.stdout.toString()), TASK_V3);
      const { shimPid } = await client.connectTask(sandboxId);
      const sandbox = new SandboxClient(client.client);
      await sandbox.create({ sandboxId, bundlePath: bundle });
      await sandbox.start(sandboxId);
      // A restarted daemon asks for the sandbox's task, which there is not, and then for its status.
      assert.equal((await client.connectTask(sandboxId)).taskPid, 0);
      assert.equal((await sandbox.status(sandboxId)).state, 'SANDBOX_READY');
      await sandbox.stop(sandboxId);
      await sandbox.shutdown(sandboxId);
      await waitForEnd(shimPid);
      client.close();
      const deleted = await runShim({
        directory,
        words: [...words, '-bundle', bundle, 'delete'],
      });
      assert.equal(deleted.status, 0, deleted.stderr);
    } finally {
      await daemon.close();
    }
  });
});

function namespaceOfFile(path: string): string {
  return execFileSync('nsenter', [`--net=${path}`, 'readlink', '/proc/self/ns/net'], {
    encoding: 'utf8',
  }).trim();
}
