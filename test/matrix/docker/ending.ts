import assert from 'node:assert/strict';
import { waitUntil } from '../../support/waiting.ts';
import type { Engine } from './engine.ts';

const OBEDIENT = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done";
const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done";

/** Waits until the container's script has set its traps. */
async function startScript(engine: Engine, script: string): Promise<string> {
  const name = await engine.start(['/bin/sh', '-c', script]);
  await waitUntil('the script is ready', async () =>
    (await engine.dockerWell('logs', name)).includes('ready'),
  );
  return name;
}

async function assertExited(engine: Engine, name: string, status: string): Promise<void> {
  assert.equal(await engine.inspect(name, '.State.Status'), 'exited');
  assert.equal(await engine.inspect(name, '.State.ExitCode'), status);
}

/** `docker stop`: gracefully, timed out, and without any time. */
export async function stop(engine: Engine): Promise<void> {
  const obedient = await startScript(engine, OBEDIENT);
  await engine.dockerWell('stop', obedient);
  await assertExited(engine, obedient, '3');
  const stubborn = await startScript(engine, STUBBORN);
  await engine.dockerWell('stop', '-t', '1', stubborn);
  await assertExited(engine, stubborn, '137');
  const unasked = await startScript(engine, STUBBORN);
  await engine.dockerWell('stop', '-t', '0', unasked);
  await assertExited(engine, unasked, '137');
}

export async function kill(engine: Engine): Promise<void> {
  const name = await startScript(
    engine,
    "trap 'exit 5' USR1; echo ready; while :; do sleep 0.1; done",
  );
  await engine.dockerWell('kill', '-s', 'USR1', name);
  assert.equal((await engine.dockerWell('wait', name)).trim(), '5');
  const sleeper = await engine.start(['/bin/sleep', '1000']);
  await engine.dockerWell('kill', sleeper);
  assert.equal((await engine.dockerWell('wait', sleeper)).trim(), '137');
  await assertExited(engine, sleeper, '137');
}

/** By hand, and by policy. */
export async function restart(engine: Engine): Promise<void> {
  const name = await startScript(engine, OBEDIENT);
  const pid = await engine.inspect(name, '.State.Pid');
  await engine.dockerWell('restart', name);
  assert.equal(await engine.inspect(name, '.State.Status'), 'running');
  assert.notEqual(await engine.inspect(name, '.State.Pid'), pid);
  const failing = await engine.start(['/bin/sh', '-c', 'exit 4'], '--restart', 'on-failure:2');
  await waitUntil('the policy is exhausted', async () => {
    const count = await engine.inspect(failing, '.RestartCount');
    return count === '2' && (await engine.inspect(failing, '.State.Status')) === 'exited';
  });
  await assertExited(engine, failing, '4');
}

export async function wait(engine: Engine): Promise<void> {
  const name = await engine.start(['/bin/sh', '-c', 'read line; exit 23'], '-i');
  const waiting = engine.startDocker('wait', name);
  const attached = engine.startDocker('attach', name);
  attached.write('\n');
  assert.equal((await waiting.finished).stdout.trim(), '23');
  assert.equal((await attached.finished).status, 23);
  assert.equal((await engine.dockerWell('wait', name)).trim(), '23');
}
