import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Containerd } from '../../support/containerd.ts';
import { writeImage } from '../../support/image.ts';
import type { ContainerdCell } from './row.ts';

const IMAGE = 'docker.io/library/podshim-test:latest';

/** `ctr run`: output, input, exit statuses, signals, a root file system of an image. */
export async function run({ containerd }: ContainerdCell): Promise<void> {
  const script = 'echo to stdout; echo to stderr >&2; exit 42';
  const talker = await containerd.run(
    containerd.newId('talker'),
    ['/bin/sh', '-c', script],
    '--rm',
  );
  assert.deepEqual([talker.status, talker.stdout], [42, 'to stdout\n'], talker.stderr);
  assert.match(talker.stderr, /^to stderr$/m);

  const counter = containerd.runArguments(containerd.newId('counter'), ['/bin/wc', '-c'], '--rm');
  const counted = await containerd.ctrWith({ input: 'x'.repeat(300_000) }, ...counter);
  assert.deepEqual([counted.status, counted.stdout], [0, '300000\n'], counted.stderr);

  const crashed = await containerd.run(containerd.newId('crash'), ['/bin/crash'], '--rm');
  assert.equal(crashed.status, 139, crashed.stderr);

  const id = containerd.newId('image');
  const command = ['/bin/sh', '-c', 'echo new > /new; cat /new'];
  await importImage(containerd);
  const flags = ['--rm', '--runtime', containerd.runtime, ...containerd.fifoFlags()];
  const written = await containerd.ctr('run', ...flags, IMAGE, id, ...command);
  assert.deepEqual([written.status, written.stdout], [0, 'new\n'], written.stderr);
}

/** Containers of an image get their root file system as mounts that the shim makes. */
export async function importImage(containerd: Containerd): Promise<string> {
  const archive = join(containerd.directory, 'image.tar');
  writeImage(containerd.rootfs, IMAGE, archive);
  await containerd.ctrWell('images', 'import', archive);
  return IMAGE;
}

/** `ctr tasks exec` in a container. */
export function execIn(containerd: Containerd, id: string, name: string, ...command: string[]) {
  return containerd.ctr(...execArguments(containerd, id, name, ...command));
}

export function execArguments(
  containerd: Containerd,
  id: string,
  name: string,
  ...command: string[]
): string[] {
  return ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', name, id, ...command];
}

/** Exec: output, input, exit statuses, a signal, an executable that is missing, and its events in order. */
export async function exec({ containerd }: ContainerdCell): Promise<void> {
  const events = await containerd.events();
  const id = containerd.newId('exec');
  await containerd.runDetached(id, ['/bin/sleep', '1000']);
  const script = 'echo out; echo err >&2; exit 42';
  const talker = await execIn(containerd, id, 'talker', '/bin/sh', '-c', script);
  assert.deepEqual([talker.status, talker.stdout], [42, 'out\n'], talker.stderr);
  assert.match(talker.stderr, /^err$/m);
  const input = 'x'.repeat(300_000);
  const counter = execArguments(containerd, id, 'counter', '/bin/wc', '-c');
  const counted = await containerd.ctrWith({ input }, ...counter);
  assert.deepEqual([counted.status, counted.stdout], [0, '300000\n'], counted.stderr);
  const killed = await execIn(containerd, id, 'killed', '/bin/sh', '-c', 'kill -KILL $$');
  assert.equal(killed.status, 137, killed.stderr);
  const missing = await execIn(containerd, id, 'missing', '/bin/nosuch');
  assert.notEqual(missing.status, 0);
  assert.match(missing.stderr, /nosuch/);
  await events.waitFor('/tasks/exit', (fields) => fields.id === 'killed');
  const topics = events.seen
    .filter(({ fields }) => (fields.id ?? fields.exec_id) === 'talker')
    .map(({ topic }) => topic);
  assert.deepEqual(topics, ['/tasks/exec-added', '/tasks/exec-started', '/tasks/exit']);
  await events.close();
  await containerd.remove(id);
}

/** Terminals of a container and of an exec: typed input, the window's size, exit statuses. */
export async function terminal({ containerd }: ContainerdCell): Promise<void> {
  const id = containerd.newId('terminal');
  const script =
    'tty; read line; echo "<$line>"; until stty size | grep "30 100"; do :; done; read l; exit 7';
  const args = containerd.runArguments(id, ['/bin/sh', '-c', script], '--rm', '-t');
  const session = containerd.startCtrOnTerminal(...args);
  await session.waitForOutput(/\/dev\//);
  session.write('typed\n');
  await session.waitForOutput(/<typed>[\s\S]*30 100/);

  const execArgs = execArguments(containerd, id, 'tty', '/bin/sh');
  const inside = containerd.startCtrOnTerminal(...execArgs.toSpliced(2, 0, '-t'));
  inside.write('test -t 0 && echo is-a-"terminal"\n');
  await inside.waitForOutput(/is-a-terminal/);
  inside.write('exit 3\n');
  assert.equal((await inside.finished).status, 3);

  session.write('\n');
  const { status, stdout } = await session.finished;
  assert.equal(status, 7, stdout);
}
