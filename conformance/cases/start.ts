import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closeFile } from '../../src/posix/files.ts';
import { connectUnix, listenUnix } from '../../src/posix/sockets.ts';
import { Any, BootstrapParams } from '../../src/proto/messages.ts';
import { Server } from '../../src/ttrpc/server.ts';
import { TASK_V2 } from '../../test/support/shimClient.ts';
import type { ShimSandbox } from '../../test/support/shimRun.ts';
import { readStartAnswer } from '../../test/support/startAnswer.ts';
import { type ConformanceCase, skip } from '../case.ts';
import type { CaseContext } from '../support/context.ts';
import { makeLog } from '../support/log.ts';
import { SOON, within } from '../support/within.ts';

const DEFAULT_DIRECTORY = '/run/containerd/s';

function configOf(group: string): string {
  return JSON.stringify({ annotations: { 'io.kubernetes.cri.sandbox-id': group } });
}

/** The address as every daemon computes it (contract 2.1). */
function addressOf(sandbox: ShimSandbox, group: string, directory: string): string {
  const text = `${sandbox.address}/${sandbox.namespace}/${group}`;
  const digest = createHash('sha256').update(text).digest('hex');
  const address = `unix://${directory}/${digest}`;
  sandbox.own(address);
  return address;
}

function paramsOf(sandbox: ShimSandbox, id: string, socketDir: string): Uint8Array {
  return BootstrapParams.encode({
    instanceId: id,
    namespace: sandbox.namespace,
    containerdVersion: '2.3.4',
    containerdTtrpcAddress: `${sandbox.address}.ttrpc`,
    containerdGrpcAddress: sandbox.address,
    containerdBinary: '/usr/bin/containerd',
    socketDir,
  }).finish();
}

/** Runs `start`, in the form that this shim understands if `stdin` says nothing else. */
function start(
  context: CaseContext,
  sandbox: ShimSandbox,
  id: string,
  { bundle = join(sandbox.directory, id), stdin }: { bundle?: string; stdin?: Uint8Array } = {},
) {
  const own = context.shim.bootstrap ? paramsOf(sandbox, id, DEFAULT_DIRECTORY) : undefined;
  const input = stdin ?? own;
  const log = makeLog(bundle);
  context.atEnd(() => log.close());
  const invocation = {
    directory: bundle,
    words: [...sandbox.flags(id), 'start'],
    environment: { TTRPC_ADDRESS: `${sandbox.address}.ttrpc` },
    ...(input === undefined ? {} : { stdin: input }),
  };
  return within(SOON * 2, '`start`', context.runShim(invocation));
}

/** A dead or living socket at an address of the default directory needs that directory. */
async function ensureDirectory(context: CaseContext): Promise<void> {
  if (existsSync(DEFAULT_DIRECTORY)) return;
  const sandbox = context.sandbox();
  sandbox.bundle('first');
  addressOf(sandbox, 'first', DEFAULT_DIRECTORY);
  await start(context, sandbox, 'first');
}

export const startCases: readonly ConformanceCase[] = [
  {
    name: 'start-answers-a-bare-address',
    sentence:
      'Without BootstrapParams `start` prints the bare address, which every daemon understands, and no more.',
    threads: ['containerd#10888', 'containerd#10984', 'contract trap 1', 'contract trap 4'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('plain');
      const address = addressOf(sandbox, 'plain', DEFAULT_DIRECTORY);
      const result = await start(context, sandbox, 'plain', { stdin: new Uint8Array(0) });
      assert.equal(result.status, 0, result.stderr);
      assert.equal(result.stderr, '');
      assert.equal(result.stdout.toString(), address);
    },
  },
  {
    name: 'start-answers-bootstrap-params',
    sentence:
      'With BootstrapParams `start` answers a BootstrapResult, with a socket in the directory that is named.',
    threads: ['containerd#13763', 'containerd#13764', 'containerd#13910', 'containerd#12786'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      const directory = join(sandbox.directory, 's');
      sandbox.bundle('params');
      const address = addressOf(sandbox, 'params', directory);
      const stdin = paramsOf(sandbox, 'params', directory);
      const result = await start(context, sandbox, 'params', { stdin });
      assert.equal(result.status, 0, result.stderr);
      const answer = readStartAnswer(result.stdout);
      assert.deepEqual(answer, { form: 'protobuf', version: 3, address, protocol: 'ttrpc' });
      closeFile(connectUnix(sandbox.own(address), 500));
    },
  },
  {
    name: 'start-takes-options-on-stdin',
    sentence:
      'An Any of runc options on stdin, as daemons up to 2.2 send it, is taken for what it is.',
    threads: ['containerd#13763', 'contract trap 5', 'contract 1.4'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('options');
      const address = addressOf(sandbox, 'options', DEFAULT_DIRECTORY);
      const value = new Uint8Array([0x48, 0x01]);
      const stdin = Any.encode({ typeUrl: 'containerd.runc.v1.Options', value }).finish();
      const result = await start(context, sandbox, 'options', { stdin });
      assert.equal(result.stderr, '');
      assert.equal(result.stdout.toString(), address);
    },
  },
  {
    name: 'start-joins-an-older-shim',
    sentence:
      'With BootstrapParams `start` tells the version of the older shim that has the group’s socket.',
    threads: ['containerd#10888', 'containerd#10984', 'containerd#11793'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      const directory = join(sandbox.directory, 's');
      const first = sandbox.bundle('first', configOf('pod'));
      const stdin = paramsOf(sandbox, 'first', directory);
      const answer = await start(context, sandbox, 'first', { bundle: first, stdin });
      if (answer.status !== 0) skip('it does not understand BootstrapParams');
      const path = sandbox.own(readStartAnswer(answer.stdout).address);
      for (const pid of sandbox.servers()) process.kill(pid, 'SIGKILL');
      rmSync(path, { force: true });
      const connect = () => new Uint8Array(0);
      const unary = new Map([['Connect', connect]]);
      const old = new Server({ services: [{ name: TASK_V2, unary }] });
      old.serve(listenUnix(path, 4));
      context.atEnd(() => old.close());
      sandbox.bundle('second', configOf('pod'));
      const result = await start(context, sandbox, 'second', {
        stdin: paramsOf(sandbox, 'second', directory),
      });
      assert.equal(result.status, 0, result.stderr);
      assert.equal(readStartAnswer(result.stdout).version, 2);
    },
  },
  {
    name: 'start-socket-is-private',
    sentence: 'The socket and its directory are for the owner only.',
    threads: ['contract 2.3'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('private');
      const path = sandbox.own(addressOf(sandbox, 'private', DEFAULT_DIRECTORY));
      await start(context, sandbox, 'private');
      assert.equal(lstatSync(path).mode & 0o077, 0);
      assert.equal(lstatSync(DEFAULT_DIRECTORY).mode & 0o077, 0);
    },
  },
  {
    name: 'start-reuses-the-shim-of-a-group',
    sentence:
      'A second container of a pod gets the address of the first one’s shim, and no process is added.',
    threads: ['contract 2.2', 'contract trap 12'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('pause', configOf('pod'));
      sandbox.bundle('workload', configOf('pod'));
      const address = addressOf(sandbox, 'pod', DEFAULT_DIRECTORY);
      const first = readStartAnswer((await start(context, sandbox, 'pause')).stdout);
      const second = readStartAnswer((await start(context, sandbox, 'workload')).stdout);
      assert.deepEqual([first.address, second.address], [address, address]);
      assert.equal(sandbox.servers().length, 1);
    },
  },
  {
    name: 'start-takes-a-dead-socket-over',
    sentence: 'A socket that nobody listens on is replaced.',
    threads: ['containerd#5173', 'contract 2.3'],
    fast: true,
    async run(context) {
      await ensureDirectory(context);
      const sandbox = context.sandbox();
      sandbox.bundle('dead');
      const address = addressOf(sandbox, 'dead', DEFAULT_DIRECTORY);
      closeFile(listenUnix(sandbox.own(address), 4));
      assert.equal(
        readStartAnswer((await start(context, sandbox, 'dead')).stdout).address,
        address,
      );
      closeFile(connectUnix(sandbox.own(address), 500));
    },
  },
  {
    name: 'start-race',
    sentence:
      'Ten `start` at once for one pod, with a dead socket in the way, make one shim that all can reach.',
    threads: ['contract 2.3', 'contract trap 10'],
    fast: true,
    async run(context) {
      await ensureDirectory(context);
      for (let round = 0; round < 4; round += 1) {
        const sandbox = context.sandbox();
        const ids = Array.from({ length: 10 }, (_, index) => `crowd${index}`);
        for (const id of ids) sandbox.bundle(id, configOf('crowd'));
        const address = addressOf(sandbox, 'crowd', DEFAULT_DIRECTORY);
        closeFile(listenUnix(sandbox.own(address), 4));
        const results = await Promise.all(ids.map((id) => start(context, sandbox, id)));
        for (const { status, stdout, stderr } of results) {
          assert.equal(status, 0, stderr);
          assert.equal(readStartAnswer(stdout).address, address);
        }
        assert.equal(sandbox.servers().length, 1, 'shims');
        closeFile(connectUnix(sandbox.own(address), 500));
        await sandbox.close();
      }
    },
  },
  {
    name: 'start-failure-leaves-nothing',
    sentence:
      'A `start` that fails says why in one line, ends with 1, and leaves no process and no socket.',
    threads: ['kata#5087', 'kata#1945', 'runwasi#703', 'contract 1.6'],
    fast: true,
    async run(context) {
      for (const config of [undefined, '{"annotations": [}']) {
        const sandbox = context.sandbox();
        const bundle = sandbox.bundle('failing', config ?? '');
        if (config === undefined) rmSync(join(bundle, 'config.json'));
        const path = sandbox.own(addressOf(sandbox, 'failing', DEFAULT_DIRECTORY));
        const { status, stdout, stderr } = await start(context, sandbox, 'failing');
        assert.equal(status, 1);
        assert.notEqual(`${stdout}${stderr}`, '');
        assert.ok(!existsSync(path), 'a socket is left');
        assert.deepEqual(sandbox.servers(), []);
      }
    },
  },
  {
    name: 'start-needs-a-namespace',
    sentence: 'Without a namespace `start` is refused.',
    threads: ['contract 1.1'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      const bundle = sandbox.bundle('nowhere');
      const words = ['-address', sandbox.address, '-id', 'nowhere', 'start'];
      const result = await context.runShim({ directory: bundle, words });
      assert.equal(result.status, 1);
      assert.match(`${result.stdout}${result.stderr}`, /shim namespace cannot be empty/);
    },
  },
  {
    name: 'start-with-a-long-socket-directory',
    sentence:
      'A socket directory that makes the path too long is refused with a text that says so.',
    threads: ['containerd#3032', 'containerd#2252', 'containerd#12785', 'kata#497'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('long');
      sandbox.bundle('short');
      const short = paramsOf(sandbox, 'short', join(sandbox.directory, 's'));
      const possible = await start(context, sandbox, 'short', { stdin: short });
      if (possible.status !== 0) skip('it does not understand BootstrapParams');
      sandbox.own(readStartAnswer(possible.stdout).address);
      const stdin = paramsOf(sandbox, 'long', join(sandbox.directory, 'd'.repeat(70)));
      const { status, stdout, stderr } = await start(context, sandbox, 'long', { stdin });
      assert.equal(status, 1);
      assert.match(`${stdout}${stderr}`, /too long.*\d{3}.*106|106.*\d{3}/);
    },
  },
  {
    name: 'start-hands-nothing-down',
    sentence:
      'The shim’s stdio is /dev/null, it leads a process group, and is a bit more killable than its starter.',
    threads: ['contract trap 2', 'contract 3.1'],
    fast: true,
    async run(context) {
      const sandbox = context.sandbox();
      sandbox.bundle('plain');
      addressOf(sandbox, 'plain', DEFAULT_DIRECTORY);
      assert.equal((await start(context, sandbox, 'plain')).status, 0);
      const [pid = 0] = sandbox.servers();
      assert.equal(readlinkSync(`/proc/${pid}/fd/0`), '/dev/null');
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      assert.equal(Number(fields[2]), pid, 'process group');
      const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
      const score = Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
      assert.equal(score, Math.min(1000, own + 1), 'oom_score_adj');
    },
  },
];
