import assert from 'node:assert/strict';
import type { Engine } from './engine.ts';

/** Both streams, complete, and followed to the end. */
export async function logs(engine: Engine): Promise<void> {
  const script =
    'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; echo err >&2; exit 6';
  const name = await engine.start(['/bin/sh', '-c', script]);
  const followed = await engine.docker('logs', '-f', name);
  const expected = Array.from({ length: 2000 }, (_, index) => `line ${index + 1}\n`).join('');
  assert.equal(followed.stdout, expected);
  assert.equal(followed.stderr, 'err\n');
  assert.match(await engine.dockerWell('logs', '--tail', '2', name), /line 2000\n$/);
}

/** A container's events in order: its exec's before its own end, out of memory before death. */
export async function events(engine: Engine): Promise<void> {
  const started = Math.floor(Date.now() / 1000) - 1;
  const name = await engine.start(['/bin/sleep', '1000']);
  assert.equal((await engine.docker('exec', name, '/bin/sh', '-c', 'exit 9')).status, 9);
  await engine.dockerWell('kill', name);
  await engine.dockerWell('wait', name);
  const hog = engine.newName();
  await engine.docker(
    ...['run', '--name', hog, '-m', '32m', '--memory-swap', '32m', 'box'],
    ...['/bin/tail', '-c', '1000000000', '/dev/zero'],
  );
  await engine.dockerWell('rm', name);
  const format = '{{.Actor.Attributes.name}} {{.Action}} {{.Actor.Attributes.exitCode}}';
  const text = await engine.dockerWell(
    ...['events', '--since', `${started}`, '--until', `${Math.ceil(Date.now() / 1000) + 1}`],
    ...['--filter', 'type=container', '--format', format],
  );
  const of = (container: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${container} `))
      .map((line) => line.slice(container.length + 1).replace(' <no value>', ''))
      // The command of an exec follows its action.
      .map((line) => line.replace(/: .*/, ''))
      .filter((line) => line !== 'attach');
  const life = ['create', 'start', 'exec_create', 'exec_start', 'exec_die 9'];
  assert.deepEqual(of(name), [...life, 'kill', 'die 137', 'destroy']);
  assert.deepEqual(of(hog), ['create', 'start', 'oom', 'die 137']);
}
