import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateTaskRequest,
  DeleteRequest,
  ExecProcessRequest,
  KillRequest,
  StartRequest,
  WaitRequest,
} from '../../src/proto/messages.ts';
import { Client } from '../../src/ttrpc/client.ts';
import { killCgroups, removeCgroups } from '../support/cgroups.ts';
import { type CommandResult, RunningCommand, runCommand } from '../support/commands.ts';
import { removeDumpOf } from '../support/dumps.ts';
import { peoplesCommand } from '../support/peoplesCommand.ts';
import { busyboxRootfs } from '../support/rootfs.ts';
import { runShim, ShimSandbox } from '../support/shimRun.ts';

const service = 'containerd.task.v2.Task';
const sigkill = 9;

let sandbox: ShimSandbox;
let cgroup: string;
let client: Client;
let server: number;
let podshim: readonly [string, ...string[]];

const id = 'cli-container';
const execId = 'cli-exec';

before(async () => {
  sandbox = new ShimSandbox();
  cgroup = sandbox.directory.split('/').at(-1) ?? '';
  podshim = peoplesCommand(sandbox.directory);
  const bundle = sandbox.bundle(id, config());
  const words = [...sandbox.flags(id), 'start'];
  const started = await runShim({ directory: bundle, words });
  assert.equal(started.stderr, '');
  [server = 0] = sandbox.servers();
  client = await Client.connect(sandbox.own(started.stdout.toString()));
  await call('Create', CreateTaskRequest.encode({ id, bundle }));
  await call('Start', StartRequest.encode({ id }));
  const spec = { args: ['/bin/sleep', '1000'], cwd: '/', env: ['PATH=/bin'], user: {} };
  const value = new TextEncoder().encode(JSON.stringify(spec));
  await call('Exec', ExecProcessRequest.encode({ id, execId, spec: { typeUrl: 'x', value } }));
  await call('Start', StartRequest.encode({ id, execId }));
});

after(async () => {
  await call('Kill', KillRequest.encode({ id, signal: sigkill, all: true })).catch(() => {});
  await call('Wait', WaitRequest.encode({ id })).catch(() => {});
  await call('Delete', DeleteRequest.encode({ id })).catch(() => {});
  client.close();
  await sandbox.close();
  removeDumpOf(server);
  await killCgroups(cgroup);
  await removeCgroups(cgroup);
});

function call(method: string, request: { finish(): Uint8Array }): Promise<Uint8Array> {
  return client.call(service, method, request.finish());
}

/** What `runc spec` suggests, for a sleeping process in our rootfs. */
function config(): string {
  execFileSync('runc', ['spec'], { cwd: sandbox.directory });
  const spec = JSON.parse(readFileSync(join(sandbox.directory, 'config.json'), 'utf8'));
  spec.process.terminal = false;
  spec.process.args = ['/bin/sleep', '1000'];
  spec.root = { path: busyboxRootfs(), readonly: true };
  spec.linux.cgroupsPath = `/${cgroup}/${id}`;
  return JSON.stringify(spec);
}

function run(...words: string[]): Promise<CommandResult> {
  const [command, ...first] = podshim;
  return runCommand(command, [...first, ...words]);
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run(...words, '--json');
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return JSON.parse(stdout);
}

describe('podshim', () => {
  test('ps shows the server with its container and exec, as a tree', async () => {
    const { status, stdout } = await run('ps', '--namespace', sandbox.namespace);
    assert.equal(status, 0);
    assert.match(
      stdout,
      new RegExp(
        `^${sandbox.namespace}  pid ${server}  podshim \\S+  up .*\n` +
          `└─ ${id}  running  pid \\d+\n   └─ exec ${execId}  running  pid \\d+$`,
        'm',
      ),
    );
    // Other tests have shims in this namespace as well, with ids as long as they may be.
    const lines = stdout.split('\n');
    const first = lines.findIndex((line) => line.includes(`pid ${server} `));
    for (const line of lines.slice(first, first + 3)) assert.ok(line.length <= 80, line);
    assert.doesNotMatch(stdout, /\u001b/);
  });

  test('ps --json has what ps has, and nothing of other namespaces', async () => {
    const { podshims } = await json('ps', '-n', sandbox.namespace);
    assert.ok(Array.isArray(podshims));
    const own = podshims.find(({ pid }) => pid === server);
    assert.equal(own.id, id);
    assert.equal(own.threads > 0, true);
    assert.equal(own.memory.privateDirty > 0, true);
    assert.deepEqual(
      own.containers.map((container: { id: string; state: string }) => container.id),
      [id],
    );
    assert.deepEqual((await json('ps', '-n', 'podshim-nobody')).podshims, []);
  });

  test('ps asks no process in a container, whatever that calls itself', async () => {
    const socket = join(sandbox.directory, 'false.sock');
    const asked = join(sandbox.directory, 'asked');
    // As a container's process it could name any path of the machine; here it listens on one and notes who comes.
    const listen = `require('node:net').createServer(() => require('node:fs').writeFileSync('${asked}', ''))
      .listen('${socket}', () => console.log('listening'))`;
    const flags = ['-namespace', 'podshim-false', '-id', 'false'];
    const words = ['--pid', '--fork', '--kill-child', 'node', '-e', listen, '--', 'shim', ...flags];
    const impostor = new RunningCommand('unshare', words);
    try {
      await impostor.waitForOutput(/listening/);
      const { podshims, others } = await json('ps', '-n', 'podshim-false');
      assert.deepEqual(podshims, []);
      assert.ok(Array.isArray(others));
      const reasons = others.map(({ program, reason }) => `${program} ${reason}`);
      assert.ok(reasons.includes('shim runs in another pid namespace'), String(reasons));
      assert.equal(existsSync(asked), false);
    } finally {
      impostor.kill('SIGKILL');
      await impostor.finished;
    }
  });

  test('inspect takes the beginning of an id', async () => {
    const container = await json('inspect', id.slice(0, 8));
    assert.equal(container.id, id);
    assert.equal(container.state, 'running');
    assert.equal(container.bundle, join(sandbox.directory, id));
    assert.equal((container.server as { pid: number }).pid, server);
    const { stdout } = await run('inspect', id);
    assert.match(stdout, new RegExp(`^id +${id}\nstate +running\npid +\\d+$`, 'm'));
  });

  test('dump prints the dump and names its file', async () => {
    const { status, stdout, stderr } = await run('dump', id);
    assert.equal(status, 0);
    assert.match(stdout, /--- flight recorder ---\n/);
    assert.match(stdout, new RegExp(`call +Create ${id}, [\\d.]+ ms`));
    const path = /^also in (\S+)$/m.exec(stderr)?.[1] ?? '';
    assert.equal(readFileSync(path, 'utf8'), stdout);
  });

  test('events gives what happened, and without --no-follow what happens', async () => {
    const { status, stdout } = await run('events', id, '--no-follow', '--json');
    assert.equal(status, 0);
    const past = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      past.map(({ sequence }) => sequence),
      past.map((_, index) => past[0].sequence + index),
    );
    for (const kind of ['call', 'spawn', 'exit', 'publish']) {
      assert.ok(
        past.some((event) => event.kind === kind),
        kind,
      );
    }
    assert.ok(past.some(({ text }) => text === `/tasks/exec-started ${id} ${execId}`));

    const [command, ...first] = podshim;
    const live = new RunningCommand(command, [...first, 'events', id]);
    await live.waitForOutput(/exec-started/);
    await call('Kill', KillRequest.encode({ id, execId, signal: sigkill }));
    await live.waitForOutput(new RegExp(`publish /tasks/exit ${id} ${execId}`));
    live.kill('SIGINT');
    const ended = await live.finished;
    assert.equal(ended.status, 0);
    assert.equal(ended.stderr, '');
  });

  test('a failed call is recorded with its reason', async () => {
    await assert.rejects(call('Start', StartRequest.encode({ id: 'nobody' })));
    const { stdout } = await run('events', String(server), '--no-follow');
    assert.match(stdout, /call +Start nobody failed: container not created: not found/);
  });

  test('doctor examines the machine', async () => {
    const { status, stdout } = await run('doctor', '--json');
    const { healthy, checks } = JSON.parse(stdout);
    assert.equal(status, healthy ? 0 : 1);
    const levels = new Map(
      checks.map(({ name, level }: { name: string; level: string }) => [name, level]),
    );
    for (const name of ['user', 'kernel', 'native part', 'pidfd', 'subreaper', 'splice']) {
      assert.equal(levels.get(name), 'ok', name);
    }
  });

  test('mistakes are explained', async () => {
    const unknown = await run('inspect', 'no-such');
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /no shim has a container no-such; podshim ps lists them/);
    const typo = await run('inspct', id);
    assert.equal(typo.status, 2);
    assert.match(typo.stderr, /Did you mean inspect\?/);
    assert.equal((await run()).status, 2);
    assert.equal((await run('--help')).status, 0);
    assert.match((await run('completion')).stdout, /complete .*podshim/);
  });

  test('commands and ids are completed', async () => {
    const commands = await run('--get-yargs-completions', 'podshim', '');
    assert.match(commands.stdout, /^inspect/m);
    const options = await run('--get-yargs-completions', 'podshim', 'ps', '--f');
    assert.match(options.stdout, /^--full/m);
    const ids = await run('--get-yargs-completions', 'podshim', 'inspect', '');
    assert.match(ids.stdout, new RegExp(`^${id}$`, 'm'));
    const none = await run('--get-yargs-completions', 'podshim', 'inspect', 'no-such');
    assert.equal(none.stdout, '');
  });
});
