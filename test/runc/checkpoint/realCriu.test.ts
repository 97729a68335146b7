import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RuncCheckpointOptions, TaskCreate } from '../../../src/proto/messages.ts';
import { findCriu } from '../../support/criu.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { skipFor } from '../../support/skipping.ts';
import { waitUntil } from '../../support/waiting.ts';

const criu = findCriu();
const usable = skipFor('missing' in criu ? criu.missing : undefined);
const status = { created: 1, running: 2, stopped: 3, paused: 4 };
const counting = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done';

/** The numbers in a text, without a last line that is not complete. */
function numbersIn(text: string): number[] {
  return text.split('\n').slice(0, -1).map(Number);
}

describe('checkpoint and restore with CRIU', usable, () => {
  let pod: ShimPod;
  before(async () => {
    if ('missing' in criu) return;
    pod = await ShimPod.start({
      environment: { PATH: `${criu.directory}:${process.env.PATH ?? ''}` },
    });
  });
  after(() => pod?.close());

  const imageOf = (id: string): string => join(pod.sandbox.directory, `${id}.image`);
  const checkpoint = (
    id: string,
    options: Parameters<typeof RuncCheckpointOptions.encode>[0] = {},
  ) =>
    pod.client.checkpoint(id, imageOf(id), {
      typeUrl: RuncCheckpointOptions.fullName,
      value: RuncCheckpointOptions.encode(options).finish(),
    });
  /** A daemon gives each bundle a place that outlives it. */
  const withWork = (id: string, input: Parameters<ShimPod['bundle']>[1]): string => {
    const bundle = pod.bundle(id, input);
    mkdirSync(join(bundle, 'work'));
    return bundle;
  };
  const create = async (
    id: string,
    args: readonly string[],
    request: Parameters<typeof pod.client.create>[0] = {},
  ) => {
    const terminal = request.terminal ?? false;
    const bundle = withWork(id, { args, terminal });
    return pod.client.create({ id, bundle, options: pod.options(), ...request });
  };

  test('a container goes on elsewhere from where it was', async () => {
    const { client, events } = pod;
    const first = pod.fifos('first');
    const reader = pod.read(first.stdout);
    await create('first', ['sh', '-c', counting], { stdout: first.stdout });
    await client.start('first');
    await reader.waitForOutput(/\n20\n/);
    await checkpoint('first');
    assert.equal((await client.state('first')).status, status.running);
    assert.ok(!existsSync(join(pod.sandbox.directory, 'first/work/criu-work')));
    const seen = numbersIn(reader.output).length;
    await reader.waitForOutput(new RegExp(`\n${seen + 10}\n`));

    const second = pod.fifos('second');
    const output = pod.read(second.stdout);
    const created = await create('second', ['sh', '-c', counting], {
      stdout: second.stdout,
      checkpoint: imageOf('first'),
    });
    assert.equal(created.pid, 0);
    const before = await client.state('second');
    assert.equal(before.status, status.created);
    assert.equal(before.pid, 0);
    assert.equal((await client.connectTask('second')).taskPid, 0);
    const waiting = client.wait('second');
    const { pid } = await client.start('second');
    assert.ok(pid > 0);
    const running = await client.state('second');
    assert.deepEqual([running.status, running.pid], [status.running, pid]);
    await output.waitForOutput(/\d+\n\d+\n\d+\n/);
    const [continued = 0] = numbersIn(output.output);
    assert.ok(continued >= 20, `it went on with ${continued}`);

    assert.ok((await client.stats('second')).stats, 'it has a cgroup');
    assert.deepEqual(
      (await client.pids('second')).processes.map((each) => each.pid).includes(pid),
      true,
    );
    await client.exec({ id: 'second', execId: 'more', args: ['sh', '-c', 'exit 4'] });
    await client.start('second', 'more');
    assert.equal((await client.wait('second', 'more')).exitStatus, 4);

    await client.kill('second', 9);
    assert.equal((await waiting).exitStatus, 137);
    await output.finished;
    assert.equal((await client.delete('second')).exitStatus, 137);
    await events.deleteOf('second');
    assert.deepEqual(
      events.story('second').filter((each) => !each.includes('more')),
      ['create', 'start', 'exit', 'delete'],
    );
    const event = events.seen.find((each) => each.containerId === 'second');
    const told = TaskCreate.decode(event?.value ?? new Uint8Array());
    assert.deepEqual([told.checkpoint, told.pid], [imageOf('first'), 0]);
    await pod.remove('first');
  });

  test('a container that is to end does, and comes back under its own name', async () => {
    const { client } = pod;
    await create('same', ['sleep', '1000']);
    const { pid } = await client.start('same');
    const workPath = join(pod.sandbox.directory, 'kept-work');
    mkdirSync(workPath);
    await checkpoint('same', { exit: true, workPath });
    await client.wait('same');
    assert.equal((await client.delete('same')).pid, pid);
    assert.ok(existsSync(join(workPath, 'dump.log')), 'a given work path is kept');

    const bundle = join(pod.sandbox.directory, 'same');
    const options = pod.options({ criuWorkPath: workPath });
    await client.create({ id: 'same', bundle, options, checkpoint: imageOf('same') });
    await client.start('same');
    assert.equal((await client.state('same')).status, status.running);
    assert.ok(existsSync(join(workPath, 'restore.log')));
    await pod.remove('same');
  });

  test('a paused container stays paused', async () => {
    const { client } = pod;
    await create('paused', ['sleep', '1000']);
    await client.start('paused');
    await client.pause('paused');
    await checkpoint('paused');
    assert.equal((await client.state('paused')).status, status.paused);
    await client.resume('paused');
    await create('thawed', ['sleep', '1000'], { checkpoint: imageOf('paused') });
    const { pid } = await client.start('thawed');
    assert.equal((await client.state('thawed')).status, status.running);
    // It runs, whatever the freezer was when the image was made.
    await waitUntil('the restored process sleeps', () =>
      /^State:\tS/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
    await client.pause('thawed');
    await client.resume('thawed');
    await pod.remove('paused');
    await pod.remove('thawed');
  });

  test('a terminal comes back', async () => {
    const { client } = pod;
    const first = pod.fifos('pty-one');
    const reader = pod.read(first.stdout);
    const writer = pod.write(first.stdin);
    const args = ['sh', '-c', 'echo ready; while read line; do echo "got $line"; done'];
    await create('pty-one', args, { terminal: true, stdin: first.stdin, stdout: first.stdout });
    await client.start('pty-one');
    await reader.waitForOutput(/ready/);
    writer.write('one\n');
    await reader.waitForOutput(/got one/);
    await checkpoint('pty-one', { terminal: true, exit: true });
    await client.wait('pty-one');
    await client.delete('pty-one');

    const second = pod.fifos('pty-two');
    const output = pod.read(second.stdout);
    const input = pod.write(second.stdin);
    const paths = { stdin: second.stdin, stdout: second.stdout };
    await create('pty-two', args, { terminal: true, ...paths, checkpoint: imageOf('pty-one') });
    await client.start('pty-two');
    await client.resizePty('pty-two', 100, 30);
    input.write('two\n');
    await output.waitForOutput(/got two/);
    input.closeInput();
    await pod.remove('pty-two');
  });

  test('a failure is told with where CRIU has said why', async () => {
    const { client, events } = pod;
    await create('failing', ['sleep', '1000']);
    await client.start('failing');
    const log = join(pod.sandbox.directory, 'failing/criu-dump.log');
    // CRIU cannot make its image where a file is in the way.
    await assert.rejects(client.checkpoint('failing', '/proc/self/no/such'), (error: Error) => {
      assert.match(error.message, /runc did not terminate successfully: exit status 1/);
      assert.ok(error.message.endsWith(` path= ${log}`), error.message);
      return true;
    });
    assert.equal((await client.state('failing')).status, status.running);
    await pod.remove('failing');

    await create('absent', ['sleep', '1000'], { checkpoint: imageOf('absent') });
    const waiting = client.wait('absent');
    await assert.rejects(client.start('absent'), {
      code: 2,
      message: /^OCI runtime restore failed: /,
    });
    assert.equal((await client.state('absent')).status, status.created);
    await client.delete('absent');
    assert.equal((await waiting).exitStatus, 0);
    await events.deleteOf('absent');
    assert.deepEqual(events.story('absent'), ['create', 'delete']);
    assert.deepEqual(pod.runcStates(), []);
  });
});
