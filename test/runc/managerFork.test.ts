import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cgroupMode } from '../../src/cgroup/mode.ts';
import { Any, ConnectRequest, RuncOptions } from '../../src/proto/messages.ts';
import { Client } from '../../src/ttrpc/client.ts';
import { shimCommand } from '../support/binary.ts';
import { killQuietly, readProcess, waitForEnd } from '../support/processes.ts';
import { TASK_V2 } from '../support/shimClient.ts';
import { runShim, type ShimInvocation, ShimSandbox } from '../support/shimRun.ts';
import { skipFor } from '../support/skipping.ts';
import { waitUntil } from '../support/waiting.ts';

// The settings that keep the helper single-threaded are in the binary's own first instructions (native/entry).
const hasEntry = shimCommand().length === 1 && process.arch === 'x64';
const compiled = skipFor(hasEntry ? undefined : 'only the shipped binary goes on as the server');

let sandbox: ShimSandbox;
/** They stay connected: a connection that ends would be seen among the server's descriptors, or not. */
const clients: Client[] = [];
before(() => {
  sandbox = new ShimSandbox();
});
after(async () => {
  for (const client of clients) client.close();
  await sandbox.close();
});

/** Starts a shim as every containerd does (contract 1.3), and returns its server's pid. */
async function startServer(id: string, more: Partial<ShimInvocation> = {}): Promise<number> {
  const directory = sandbox.bundle(id);
  const result = await runShim({
    directory,
    words: [...sandbox.flags(id), 'start'],
    ...more,
    environment: { GOMAXPROCS: '2', ...more.environment },
  });
  assert.equal(result.stderr, '');
  assert.equal(result.status, 0);
  const client = await Client.connect(sandbox.own(result.stdout.toString()));
  // From its answer on it only waits: what is seen of it then does not change.
  await client.call(TASK_V2, 'Connect', ConnectRequest.encode({ id }).finish());
  clients.push(client);
  const [pid, ...others] = sandbox.servers().filter((server) => worksIn(server) === directory);
  assert.ok(pid !== undefined);
  assert.deepEqual(others, []);
  return pid;
}

const worksIn = (pid: number): string => readlinkSync(`/proc/${pid}/cwd`);

function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBUSY') return false;
    throw error;
  }
}

/** Only a new program gets a new environment in /proc. */
function isFork(pid: number): boolean {
  return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes('GOMAXPROCS=2');
}

function links(pid: number): ReadonlyMap<number, string> {
  const directory = `/proc/${pid}/fd`;
  return new Map(
    readdirSync(directory).map((name) => [Number(name), readlinkSync(`${directory}/${name}`)]),
  );
}

function signals(pid: number, kind: 'SigBlk' | 'SigIgn'): bigint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return BigInt(`0x${new RegExp(`^${kind}:\\t(\\S+)$`, 'm').exec(status)?.[1] ?? ''}`);
}

/** The number of the bit in a set of signals. */
const hangUp = 1n << 0n;

describe('the server is the helper, gone on in a process of its own', compiled, () => {
  test('with the command line of a server, in a process group of its own', async () => {
    const pid = await startServer('fork');
    assert.ok(isFork(pid));
    const { namespace, address } = sandbox;
    const words = ['-namespace', namespace, '-id', 'fork', '-address', address];
    assert.deepEqual(readProcess(pid)?.argv, [...shimCommand(), ...words]);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    assert.equal(Number(fields[2]), pid);
  });

  test('without what the helper was given: descriptors, streams, ignored signals', async () => {
    const script = 'trap "" HUP; exec 7</dev/zero 30<>/dev/full; exec "$@"';
    const pid = await startServer('given', {
      command: ['bash', '-c', script, 'bash', ...shimCommand()],
    });
    assert.ok(isFork(pid));
    const open = links(pid);
    assert.deepEqual(
      [0, 1, 2].map((descriptor) => open.get(descriptor)),
      ['/dev/null', '/dev/null', '/dev/null'],
    );
    for (const [descriptor, target] of open) {
      if (descriptor > 2)
        assert.match(target, /^(anon_inode:|socket:)/, `descriptor ${descriptor}`);
    }
    assert.equal(signals(pid, 'SigIgn') & hangUp, 0n);
    assert.equal(signals(pid, 'SigBlk'), 0n);
  });

  test('with its debug socket', async () => {
    const pid = await startServer('debug', {
      words: ['-debug', ...sandbox.flags('debug'), 'start'],
    });
    assert.ok(isFork(pid));
    assert.equal(readProcess(pid)?.argv.at(-1), '-debug');
    const sockets = [...links(pid).values()].filter((link) => link.startsWith('socket:'));
    assert.equal(sockets.length, 3, 'two listeners and the connection');
  });
});

describe('the server is a program of its own', compiled, () => {
  test('where the fork is turned off', async () => {
    const pid = await startServer('off', { environment: { PODSHIM_FORK: 'off' } });
    assert.ok(!isFork(pid));
    assert.match(links(pid).get(3) ?? '', /^socket:/);
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    assert.ok(environment.includes('GOMAXPROCS=4'));
    assert.ok(environment.includes('OTEL_SERVICE_NAME=containerd-shim-off'));
  });

  test('where it gets a cgroup of its own, which is to pay for all its memory', async () => {
    const name = `podshim-test-${process.pid}`;
    const { unified } = cgroupMode();
    const cgroup = join('/sys/fs/cgroup', unified ? '' : 'memory', name);
    mkdirSync(cgroup);
    try {
      const value = RuncOptions.encode({ shimCgroup: `/${name}` }).finish();
      const stdin = Any.encode({ typeUrl: 'containerd.runc.v1.Options', value }).finish();
      const pid = await startServer('cgroup', { stdin });
      assert.ok(!isFork(pid));
      const member = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
      assert.ok(member.some((line) => line.endsWith(unified ? `::/${name}` : `:memory:/${name}`)));
      killQuietly(pid);
      await waitForEnd(pid);
    } finally {
      await waitUntil('the cgroup is empty and goes', () => removed(cgroup));
    }
  });
});
