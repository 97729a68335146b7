import assert from 'node:assert/strict';
import type { Engine } from './engine.ts';

const TALK = 'echo to stdout; echo to stderr >&2; exit 42';

export async function run(engine: Engine): Promise<void> {
  const talker = await engine.docker('run', '--rm', 'box', '/bin/sh', '-c', TALK);
  assert.deepEqual([talker.status, talker.stdout], [42, 'to stdout\n'], talker.stderr);
  assert.match(talker.stderr, /^to stderr$/m);
  const input = 'x'.repeat(300_000);
  const counted = await engine.dockerWith({ input }, 'run', '--rm', '-i', 'box', '/bin/wc', '-c');
  assert.deepEqual([counted.status, counted.stdout], [0, '300000\n'], counted.stderr);
  const name = await engine.start(['/bin/sleep', '1000']);
  assert.equal(await engine.inspect(name, '.State.Status'), 'running');
}

export async function exec(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sleep', '1000']);
  const talker = await engine.docker('exec', name, '/bin/sh', '-c', TALK);
  assert.deepEqual([talker.status, talker.stdout], [42, 'to stdout\n'], talker.stderr);
  assert.match(talker.stderr, /^to stderr$/m);
  const input = 'x'.repeat(300_000);
  const counted = await engine.dockerWith({ input }, 'exec', '-i', name, '/bin/wc', '-c');
  assert.deepEqual([counted.status, counted.stdout], [0, '300000\n'], counted.stderr);
  const killed = await engine.docker('exec', name, '/bin/sh', '-c', 'kill -KILL $$');
  assert.equal(killed.status, 137, killed.stderr);
}

export async function terminal(engine: Engine): Promise<void> {
  const name = engine.newName();
  const session = engine.startDockerOnTerminal('run', '-it', '--name', name, 'box', '/bin/sh');
  session.write('until stty size | grep "30 100"; do :; done; tty\n');
  await session.waitForOutput(/30 100[\s\S]*\/dev\/pts\/0/);
  const inside = engine.startDockerOnTerminal('exec', '-it', name, '/bin/sh');
  inside.write('test -t 0 && echo is-a-"terminal"\n');
  await inside.waitForOutput(/is-a-terminal/);
  inside.write('exit 3\n');
  assert.equal((await inside.finished).status, 3);
  session.write('exit 7\n');
  assert.equal((await session.finished).status, 7);
}

/** The exit statuses that `docker run` has of its own. */
export async function codes(engine: Engine): Promise<void> {
  const statusOf = async (...args: string[]) =>
    (await engine.docker('run', '--rm', ...args)).status;
  assert.equal(await statusOf('--runtime', 'nosuch', 'box', '/bin/true'), 125);
  assert.equal(await statusOf('box', '/etc/passwd'), 126, 'not executable');
  assert.equal(await statusOf('box', '/bin/nosuch'), 127, 'missing');
  assert.equal(await statusOf('box', 'nosuch'), 127, 'missing on PATH');
  assert.equal(await statusOf('box', '/bin/true'), 0);
}
