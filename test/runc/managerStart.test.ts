import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { socketAddress } from '../../src/manager/socketAddress.ts';
import { closeFile } from '../../src/posix/files.ts';
import { connectUnix, listenUnix } from '../../src/posix/sockets.ts';
import { Any, BootstrapParams, BootstrapResult } from '../../src/proto/messages.ts';
import { killQuietly, readProcess, waitForEnd } from '../support/processes.ts';
import { runShim, type ShimResult, ShimSandbox } from '../support/shimRun.ts';

const defaultDirectory = '/run/containerd/s';

let sandbox: ShimSandbox;
before(() => {
  sandbox = new ShimSandbox();
});
after(() => sandbox.close());

function addressOf(group: string, directory = defaultDirectory): string {
  const { address, namespace } = sandbox;
  const result = socketAddress({ directory, address, namespace, group });
  sandbox.own(result);
  return result;
}

function assertAddress(result: ShimResult, address: string): void {
  assert.equal(result.stderr, '');
  assert.equal(result.stdout.toString(), address);
  assert.equal(result.status, 0);
}

async function start(id: string, bundle: string, stdin?: Uint8Array): Promise<ShimResult> {
  const words = [...sandbox.flags(id), 'start'];
  return runShim(
    stdin === undefined ? { directory: bundle, words } : { directory: bundle, words, stdin },
  );
}

async function endServers(bundle: string): Promise<void> {
  for (const pid of sandbox.servers(bundle)) {
    killQuietly(pid);
    await waitForEnd(pid);
  }
}

describe('start', () => {
  test('prints the bare address and nothing else, and leaves a server behind', async () => {
    const bundle = sandbox.bundle('plain');
    const address = addressOf('plain');
    assertAddress(await start('plain', bundle), address);
    const path = sandbox.own(address);
    assert.equal(lstatSync(path).mode & 0o7777, 0o600);
    assert.equal(readFileSync(join(bundle, 'address'), 'utf8'), address);
    assert.equal(statSync(join(bundle, 'address')).mode & 0o7777, 0o644);
    assert.deepEqual(readdirSync(bundle).sort(), ['address', 'config.json']);
    closeFile(connectUnix(path, 100));

    const [pid, ...more] = sandbox.servers(bundle);
    assert.ok(pid !== undefined);
    assert.deepEqual(more, []);
    const argv = readProcess(pid)?.argv ?? [];
    assert.deepEqual(argv.slice(-6), [
      '-namespace',
      sandbox.namespace,
      '-id',
      'plain',
      '-address',
      sandbox.address,
    ]);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    assert.equal(Number(fields[2]), pid, 'leads its own process group');
    assert.equal(readlinkSync(`/proc/${pid}/fd/0`), '/dev/null');
    const ownScore = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    const score = Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
    assert.equal(score, Math.min(1000, ownScore + 1));
  });

  test('a group shares one server, and every bundle gets the address', async () => {
    const config = JSON.stringify({ annotations: { 'io.kubernetes.cri.sandbox-id': 'pod' } });
    const address = addressOf('pod');
    const first = sandbox.bundle('pause', config);
    const second = sandbox.bundle('workload', config);
    assertAddress(await start('pause', first), address);
    assertAddress(await start('workload', second), address);
    assert.equal(sandbox.servers(first).length, 1);
    assert.equal(sandbox.servers(second).length, 0);
    assert.equal(readFileSync(join(second, 'address'), 'utf8'), address);
  });

  test('takes over the socket of a dead server', async () => {
    const bundle = sandbox.bundle('dead');
    const address = addressOf('dead');
    assertAddress(await start('dead', bundle), address);
    await endServers(bundle);
    assert.ok(existsSync(sandbox.own(address)));
    assertAddress(await start('dead', bundle), address);
    assert.equal(sandbox.servers(bundle).length, 1);
  });

  test('does not touch the socket of a living listener', async () => {
    const bundle = sandbox.bundle('living');
    const address = addressOf('living');
    const path = sandbox.own(address);
    const descriptor = listenUnix(path, 4);
    try {
      const { ino } = lstatSync(path);
      assertAddress(await start('living', bundle), address);
      assert.equal(lstatSync(path).ino, ino);
      assert.deepEqual(sandbox.servers(bundle), []);
    } finally {
      closeFile(descriptor);
    }
  });

  test('20 at once for one group make one server', async () => {
    const config = JSON.stringify({ annotations: { 'io.containerd.runc.v2.group': 'crowd' } });
    const address = addressOf('crowd');
    const ids = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
    const bundles = ids.map((id) => sandbox.bundle(id, config));
    // A dead socket is there from the beginning: the hard case.
    closeFile(listenUnix(sandbox.own(address), 4));
    const results = await Promise.all(ids.map((id, index) => start(id, bundles[index] ?? '')));
    for (const result of results) {
      assertAddress(result, address);
    }
    assert.equal(bundles.flatMap((bundle) => sandbox.servers(bundle)).length, 1);
    closeFile(connectUnix(sandbox.own(address), 100));
  });

  test('-debug makes a debug socket and passes it on', async () => {
    const bundle = sandbox.bundle('debug');
    const address = addressOf('debug');
    const { address: daemon, namespace } = sandbox;
    const debugPath = sandbox.own(
      socketAddress({
        directory: defaultDirectory,
        address: daemon,
        namespace,
        group: 'debug/debug',
      }),
    );
    const words = ['-debug', ...sandbox.flags('debug'), 'start'];
    assertAddress(await runShim({ directory: bundle, words }), address);
    assert.ok(lstatSync(debugPath).isSocket());
    const [pid = 0] = sandbox.servers(bundle);
    assert.equal(readProcess(pid)?.argv.at(-1), '-debug');
    assertAddress(await runShim({ directory: bundle, words }), address);
  });
});

describe('start with something on stdin', () => {
  test('BootstrapParams are answered with a BootstrapResult', async () => {
    const bundle = sandbox.bundle('params');
    const directory = join(sandbox.directory, 's');
    const address = addressOf('params', directory);
    const stdin = BootstrapParams.encode({
      instanceId: 'params',
      namespace: sandbox.namespace,
      logLevel: -4,
      containerdTtrpcAddress: '/run/events.sock',
      containerdGrpcAddress: sandbox.address,
      socketDir: directory,
    }).finish();
    const result = await start('params', bundle, stdin);
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
    const answer = BootstrapResult.decode(result.stdout);
    assert.equal(answer.version, 3);
    assert.equal(answer.address, address);
    assert.equal(answer.protocol, 'ttrpc');
    assert.equal(lstatSync(directory).mode & 0o7777, 0o700);
    assert.equal(readlinkSync(join(bundle, 's')), directory);
    const [pid = 0] = sandbox.servers(bundle);
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    assert.ok(environment.includes('TTRPC_ADDRESS=/run/events.sock'));
    assert.equal(readProcess(pid)?.argv.at(-1), '-debug');
  });

  test('BootstrapParams for somebody else, an Any, and rubbish are not', async () => {
    const bundle = sandbox.bundle('other');
    const address = addressOf('other');
    const strangers = BootstrapParams.encode({ instanceId: 'x', namespace: 'y' }).finish();
    const any = Any.encode({
      typeUrl: 'containerd.runc.v1.Options',
      value: new Uint8Array([0x48, 0x01]),
    }).finish();
    for (const stdin of [strangers, any, new Uint8Array([0xff, 0xff, 0xff])]) {
      assertAddress(await start('other', bundle, stdin), address);
    }
  });

  test('a cgroup that is not there fails the start, and nothing is left', async () => {
    const bundle = sandbox.bundle('cgroup');
    const path = sandbox.own(addressOf('cgroup'));
    const name = '/podshim-test-there-is-none';
    const value = new Uint8Array([0x1a, name.length, ...new TextEncoder().encode(name)]);
    const stdin = Any.encode({ typeUrl: 'containerd.runc.v1.Options', value }).finish();
    const result = await start('cgroup', bundle, stdin);
    assert.equal(result.status, 1);
    assert.match(
      result.stderr,
      /^io\.containerd\.podshim\.v1: failed to (load|join) cgroup \/podshim-test-there-is-none: /,
    );
    assert.equal(result.stdout.length, 0);
    assert.ok(!existsSync(path));
    for (const pid of sandbox.servers(bundle)) {
      await waitForEnd(pid);
    }
  });
});
