import assert from 'node:assert/strict';
import { waitUntil } from '../../support/waiting.ts';
import type { Engine } from './engine.ts';

export async function pause(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sleep', '1000']);
  await engine.dockerWell('pause', name);
  assert.equal(await engine.inspect(name, '.State.Status'), 'paused');
  assert.notEqual((await engine.docker('exec', name, '/bin/true')).status, 0);
  await engine.dockerWell('unpause', name);
  assert.equal(await engine.inspect(name, '.State.Status'), 'running');
  await engine.dockerWell('exec', name, '/bin/true');
}

export async function top(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sh', '-c', 'sleep 1001 & exec sleep 1000']);
  const pid = await engine.inspect(name, '.State.Pid');
  const listing = await waitUntil('both processes are listed', async () => {
    const text = await engine.dockerWell('top', name);
    return text.includes('sleep 1001') && text.includes('sleep 1000') ? text : undefined;
  });
  assert.match(listing, new RegExp(`\\b${pid}\\b`));
}

export async function stats(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sleep', '1000'], '-m', '64m');
  const line = await statsOf(engine, name);
  assert.match(line, /^[1-9][\d.]*[KM]iB \/ 64MiB 1$/);
}

export async function update(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sleep', '1000'], '-m', '64m', '--memory-swap', '64m');
  await engine.dockerWell('update', '-m', '48m', '--memory-swap', '48m', name);
  assert.match(await statsOf(engine, name), / 48MiB /);
}

/** Inspect tells of the kill also when the init was the victim. */
export async function outOfMemory(engine: Engine): Promise<void> {
  const limits = ['-m', '32m', '--memory-swap', '32m'];
  const name = engine.newName();
  const hog = ['/bin/tail', '-c', '1000000000', '/dev/zero'];
  const result = await engine.docker('run', '--name', name, ...limits, 'box', ...hog);
  assert.equal(result.status, 137, result.stderr);
  assert.equal(await engine.inspect(name, '.State.OOMKilled'), 'true');
  const innocent = await engine.start(['/bin/sh', '-c', 'exit 3'], ...limits);
  await engine.dockerWell('wait', innocent);
  assert.equal(await engine.inspect(innocent, '.State.OOMKilled'), 'false');
}

function statsOf(engine: Engine, name: string): Promise<string> {
  const format = '{{.MemUsage}} {{.PIDs}}';
  return engine
    .dockerWell('stats', '--no-stream', '--format', format, name)
    .then((text) => text.trim());
}
