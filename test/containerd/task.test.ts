import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Containerd } from '../support/containerd.ts';
import type { EventStream } from '../support/events.ts';
import { isRunning, waitForEnd } from '../support/processes.ts';

describe('a running task', () => {
  let containerd: Containerd;
  let events: EventStream;
  let id: string;

  before(async () => {
    containerd = await Containerd.start();
    events = await containerd.events();
    id = containerd.newId('task');
    await containerd.runDetached(id, ['/bin/sleep', '1000']);
  });
  after(async () => {
    await events?.close();
    await containerd?.stop();
  });

  const exec = (...command: string[]) =>
    containerd.ctr('tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 'e', id, ...command);

  test('is listed as running, with the pid of its init', async () => {
    const task = await containerd.task(id);
    assert.equal(task?.status, 'RUNNING');
    assert.equal(readFileSync(`/proc/${task.pid}/cmdline`, 'utf8'), '/bin/sleep\x001000\0');
  });

  test('ps shows its processes', async () => {
    const { pid = 0 } = (await containerd.task(id)) ?? {};
    const listing = await containerd.ctrWell('tasks', 'ps', id);
    assert.match(listing, new RegExp(`^${pid}\\s`, 'm'));
  });

  test('metrics show memory and pids', async () => {
    const metrics = await containerd.ctrWell('tasks', 'metrics', id);
    assert.match(metrics, /^memory\.usage(_in_bytes)?\s+[1-9]\d*/m);
    assert.match(metrics, /^pids\.current\s+1/m);
  });

  test('pause and resume', async () => {
    await containerd.ctrWell('tasks', 'pause', id);
    assert.equal((await containerd.task(id))?.status, 'PAUSED');
    const refused = await exec('/bin/true');
    assert.notEqual(refused.status, 0);
    await containerd.ctrWell('tasks', 'resume', id);
    assert.equal((await containerd.task(id))?.status, 'RUNNING');
    await events.waitFor('/tasks/resumed', (fields) => fields.container_id === id);
  });

  test('exec passes output and exit status on', async () => {
    const result = await exec('/bin/sh', '-c', 'echo out; echo err >&2; exit 42');
    assert.deepEqual([result.status, result.stdout, result.stderr], [42, 'out\n', 'err\n']);
  });

  test('exec of processes that die of signals: 137 and 139', async () => {
    assert.equal((await exec('/bin/sh', '-c', 'kill -KILL $$')).status, 137);
    assert.equal((await exec('/bin/crash')).status, 139);
  });

  test('exec with standard input', async () => {
    const args = [
      'tasks',
      'exec',
      ...containerd.fifoFlags(),
      '--exec-id',
      'in',
      id,
      '/bin/wc',
      '-c',
    ];
    const result = await containerd.ctrWith({ input: 'x'.repeat(300_000) }, ...args);
    assert.deepEqual([result.status, result.stdout], [0, '300000\n'], result.stderr);
  });

  test('exec of a missing executable says so, and the task runs on', async () => {
    const result = await exec('/bin/nosuch');
    assert.notEqual(result.status, 0);
    assert.match(
      result.stderr,
      /exec: "\/bin\/nosuch": stat \/bin\/nosuch: no such file or directory/,
    );
    assert.equal((await containerd.task(id))?.status, 'RUNNING');
  });

  test('exec -t gives a terminal that can be typed at', async () => {
    const session = containerd.startCtrOnTerminal(
      ...['tasks', 'exec', ...containerd.fifoFlags(), '-t', '--exec-id', 'tty', id],
      '/bin/sh',
    );
    session.write('test -t 0 && echo is-a-"terminal"\n');
    await session.waitForOutput(/is-a-terminal/);
    session.write('exit 3\n');
    assert.equal((await session.finished).status, 3);
  });

  test('every exec was announced in order: added, started, exited', async () => {
    await events.waitFor(
      '/tasks/exit',
      (fields) => fields.container_id === id && fields.id === 'tty',
    );
    const topics = events.seen
      .filter(({ fields }) => fields.container_id === id && (fields.id ?? fields.exec_id) === 'tty')
      .map(({ topic }) => topic);
    assert.deepEqual(topics, ['/tasks/exec-added', '/tasks/exec-started', '/tasks/exit']);
  });

  test('kill ends it, delete reports the status and removes it', async () => {
    const { pid = 0 } = (await containerd.task(id)) ?? {};
    await containerd.ctrWell('tasks', 'kill', '-s', 'SIGKILL', id);
    const exit = await events.waitFor(
      '/tasks/exit',
      (fields) => fields.container_id === id && fields.id === id,
    );
    assert.equal(exit.fields.exit_status, 137);
    await waitForEnd(pid);
    await containerd.waitForStatus(id, 'STOPPED');
    const removal = await containerd.ctr('tasks', 'rm', id);
    assert.match(removal.stderr, /non-zero exit code 137/);
    await containerd.ctrWell('containers', 'rm', id);
    assert.equal(isRunning(pid), false);
    await events.waitFor('/tasks/delete', (fields) => fields.container_id === id);
    const topics = events.topicsOf(id).filter((topic) => !topic.includes('exec'));
    assert.deepEqual(
      topics.filter((topic, at) => topic !== '/tasks/exit' || at >= topics.length - 2),
      ['create', 'start', 'paused', 'resumed', 'exit', 'delete'].map((name) => `/tasks/${name}`),
    );
  });

  test('attach shows the output of a detached container and returns its status', async () => {
    const attached = containerd.newId('attached');
    const script = 'while [ ! -e /tmp/$0 ]; do echo tick; sleep 0.1; done; exit 5';
    const command = ['/bin/sh', '-c', script, `stop-${containerd.namespace}`];
    await containerd.ctrWell(...containerd.runArguments(attached, command, '-d'));
    const session = containerd.startCtr('tasks', 'attach', attached);
    await session.waitForOutput(/tick/);
    const touch = ['/bin/touch', `/tmp/stop-${containerd.namespace}`];
    const args = ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 't', attached, ...touch];
    await containerd.ctrWell(...args);
    const { status, stderr } = await session.finished;
    assert.equal(status, 5, stderr);
    await containerd.remove(attached);
    const { rmSync } = await import('node:fs');
    rmSync(`${containerd.rootfs}/tmp/stop-${containerd.namespace}`);
  });

  test('nothing is left', async () => {
    assert.deepEqual(await containerd.leftovers(), []);
  });
});
