import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  Empty,
  LegacyCheckpointOptions,
  RuncCheckpointOptions,
  UpdateTaskRequest,
} from '../../../src/proto/messages.ts';
import { isRunning } from '../../support/processes.ts';
import { RecordingRuntime } from '../../support/recordingRuntime.ts';
import { ShimPod } from '../../support/shimPod.ts';

let pod: ShimPod;
let runtime: RecordingRuntime;
beforeEach(async () => {
  pod = await ShimPod.start();
  const directory = join(pod.sandbox.directory, 'runtime');
  mkdirSync(directory);
  runtime = new RecordingRuntime(directory);
});
afterEach(() => pod?.close());

const options = (more = {}) => pod.options({ binaryName: runtime.path, ...more });
const run = async (id: string, more = {}) => {
  await pod.create({ args: ['any'], request: { options: options(), ...more } }, id);
  return pod.client.start(id);
};
const inBundle = (id: string, name: string): string => join(pod.sandbox.directory, id, name);

describe('checkpoint', () => {
  test('hands on every option', async () => {
    await run('all');
    await pod.client.checkpoint('all', '/image', {
      typeUrl: `type.googleapis.com/${RuncCheckpointOptions.fullName}`,
      value: RuncCheckpointOptions.encode({
        openTcp: true,
        externalUnixSockets: true,
        terminal: true,
        fileLocks: true,
        emptyNamespaces: ['network', 'ipc'],
        cgroupsMode: 'soft',
        imagePath: '/not/this',
        workPath: inBundle('all', 'given-work'),
        parentPath: '/parent',
        exit: true,
      }).finish(),
    });
    assert.deepEqual(runtime.callsOf('checkpoint'), [
      `checkpoint --image-path /image --work-path ${inBundle('all', 'given-work')} --parent-path /parent ` +
        '--tcp-established --ext-unix-sk --shell-job --file-locks --empty-ns network --empty-ns ipc all',
    ]);
  });

  test('leaves the container running and works below the bundle when nothing else is said', async () => {
    await run('plain');
    await pod.client.checkpoint('plain', '/image');
    const work = inBundle('plain', 'work/criu-work');
    assert.deepEqual(runtime.callsOf('checkpoint'), [
      `checkpoint --image-path /image --work-path ${work} --leave-running plain`,
    ]);
    assert.throws(() => readFileSync(work), { code: 'ENOENT' });
  });

  test('reads the options of old clients, whose fields have another order', async () => {
    await run('old');
    const value = LegacyCheckpointOptions.encode({ exit: true, workPath: '/tmp' }).finish();
    await pod.client.checkpoint('old', '/image', {
      typeUrl: LegacyCheckpointOptions.fullName,
      value,
    });
    assert.deepEqual(runtime.callsOf('checkpoint'), [
      'checkpoint --image-path /image --work-path /tmp old',
    ]);
  });

  test('refuses options that are none, states that have no processes, and unknown containers', async () => {
    const { client } = pod;
    await run('refusing');
    await assert.rejects(
      client.checkpoint('refusing', '/image', { typeUrl: 'a.b.C', value: new Uint8Array([8, 1]) }),
      { code: 2, message: 'type with url a.b.C: not found' },
    );
    await assert.rejects(client.checkpoint('nobody', '/image'), {
      code: 5,
      message: 'container not created: not found',
    });
    await pod.create({ args: ['any'], request: { options: options() } }, 'created');
    await assert.rejects(client.checkpoint('created', '/image'), {
      code: 2,
      message: 'cannot checkpoint a task in created state',
    });
    await client.kill('refusing', 9);
    await client.wait('refusing');
    await assert.rejects(client.checkpoint('refusing', '/image'), {
      message: 'cannot checkpoint a stopped container',
    });
    assert.deepEqual(runtime.callsOf('checkpoint'), []);
  });

  test("keeps CRIU's log when it fails, and says where", async () => {
    await run('failing');
    runtime.failOn('checkpoint', 'criu failed: type NOTIFY errno 0\nlog file: somewhere\n');
    const log = inBundle('failing', 'criu-dump.log');
    await assert.rejects(pod.client.checkpoint('failing', '/image'), {
      code: 2,
      message:
        `${runtime.path} did not terminate successfully: exit status 1: criu failed: type NOTIFY errno 0 ` +
        `path= ${log}`,
    });
    assert.equal(readFileSync(log, 'utf8'), 'the log of criu\n');
    assert.equal((await pod.client.state('failing')).status, 2);
  });
});

describe('restore', () => {
  test('hands on every option, when the container is started', async () => {
    const { client, events } = pod;
    const more = { noPivotRoot: true, criuWorkPath: '/given/work' };
    const request = { options: options(more), checkpoint: '/image', parentCheckpoint: '/parent' };
    assert.equal((await pod.create({ args: ['any'], request }, 'all')).pid, 0);
    assert.deepEqual(runtime.callsOf('restore'), []);
    const { pid } = await client.start('all');
    assert.ok(isRunning(pid));
    assert.deepEqual(runtime.callsOf('restore'), [
      'restore --image-path /image --work-path /given/work --parent-path /parent --detach ' +
        `--pid-file ${inBundle('all', 'init.pid')} --no-pivot -no-subreaper --bundle ` +
        `${join(pod.sandbox.directory, 'all')} all`,
    ]);
    assert.deepEqual(runtime.callsOf('create'), []);
    await assert.rejects(client.start('all'), { message: 'cannot start a running process' });
    await client.kill('all', 9);
    assert.equal((await client.wait('all')).exitStatus, 137);
    assert.equal((await client.delete('all')).pid, pid);
    await events.deleteOf('all');
    assert.deepEqual(events.story('all'), ['create', 'start', 'exit', 'delete']);
  });

  test('is refused what a container without processes cannot do', async () => {
    const { client } = pod;
    const request = { options: options(), checkpoint: '/image' };
    await pod.create({ args: ['any'], request }, 'waiting');
    const exec = client.exec({ id: 'waiting', execId: 'e', args: ['true'] });
    await assert.rejects(exec, { message: 'cannot exec in a created state' });
    await assert.rejects(client.pause('waiting'), {
      message: 'cannot pause task in created state',
    });
    await assert.rejects(client.resume('waiting'), {
      message: 'cannot resume task in created state',
    });
    await assert.rejects(client.checkpoint('waiting', '/image'), {
      message: 'cannot checkpoint a task in created state',
    });
    await assert.rejects(client.stats('waiting'), { code: 5 });
    await client.resizePty('waiting', 80, 25);
    const removed = await client.delete('waiting');
    assert.deepEqual([removed.pid, removed.exitStatus], [0, 0]);
    assert.deepEqual(runtime.callsOf('delete'), ['delete waiting']);
  });

  test('can be tried again after a failure, and is removed by force', async () => {
    const { client } = pod;
    const request = { options: options(), checkpoint: '/image' };
    await pod.create({ args: ['any'], request }, 'failing');
    runtime.failOn('restore', '{"level":"error","msg":"criu failed: type RESTORE","time":"now"}\n');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(client.start('failing'), {
        code: 2,
        message: 'OCI runtime restore failed: criu failed: type RESTORE',
      });
      assert.equal((await client.state('failing')).status, 1);
    }
    await client.delete('failing');
    assert.deepEqual(runtime.callsOf('delete'), ['delete --force failing']);
    await pod.events.deleteOf('failing');
    assert.deepEqual(pod.events.story('failing'), ['create', 'delete']);
  });

  test('that leaves no pid leaves no process', async () => {
    const { client } = pod;
    const { stdout } = pod.fifos('unborn');
    const reader = pod.read(stdout);
    const request = { options: options(), stdout, checkpoint: '/image' };
    await pod.create({ args: ['any'], request }, 'unborn');
    mkdirSync(inBundle('unborn', 'init.pid'));
    await assert.rejects(client.start('unborn'), { message: /init\.pid/ });
    assert.deepEqual(runtime.callsOf('delete'), ['delete --force unborn']);
    await client.delete('unborn');
    await reader.finished;
  });
});

describe('update', () => {
  test('hands on the JSON as it is, whatever its type, and knows no annotations', async () => {
    await run('updated');
    // Fields of v1 and v2, numbers beyond 2^53, and what no version knows.
    const resources =
      '{"memory":{"limit":9223372036854771712,"swappiness":60},"cpu":{"shares":2,"idle":1},' +
      '"unified":{"memory.high":"max"},"blockIO":{"weight":10},"unheard":[1.50]}';
    const request = UpdateTaskRequest.encode({
      id: 'updated',
      resources: { typeUrl: 'whatever', value: new TextEncoder().encode(resources) },
      annotations: { some: 'thing' },
    }).finish();
    const { client, service } = pod.client;
    assert.deepEqual(Empty.decode(await client.call(service, 'Update', request)), {});
    assert.equal(runtime.resources, `${resources}\n`);
    assert.deepEqual(runtime.callsOf('update'), ['update --resources=- updated']);
  });
});
