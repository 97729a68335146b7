import assert from 'node:assert/strict';
import { isRunning, killQuietly, waitForEnd } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';
import type { Engine } from './engine.ts';

/** dockerd is restarted, once gracefully and once by a crash; containers run on, and a death meanwhile is seen. */
export async function liveRestore(engine: Engine): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const stays = await engine.start(['/bin/sh', '-c', 'while read x; do echo got $x; done'], '-i');
    const ends = await engine.start(['/bin/sleep', '1000']);
    const pids = [await pidOf(engine, stays), await pidOf(engine, ends)];
    await engine.endDaemon(signal);
    assert.deepEqual(pids.map(isRunning), [true, true]);
    const [staying = 0, ending = 0] = pids;
    killQuietly(ending);
    await waitForEnd(ending);
    await engine.launch();
    assert.equal(await pidOf(engine, stays), staying);
    await waitUntil('the death is seen', async () => {
      return (await engine.inspect(ends, '.State.Status')) === 'exited';
    });
    assert.equal(await engine.inspect(ends, '.State.ExitCode'), '137');
    const echo = await engine.docker('exec', stays, '/bin/sh', '-c', 'echo well; exit 5');
    assert.deepEqual([echo.status, echo.stdout], [5, 'well\n'], echo.stderr);
    await engine.dockerWell('stop', '-t', '0', stays);
    assert.equal(await engine.inspect(stays, '.State.ExitCode'), '137');
  }
}

async function pidOf(engine: Engine, name: string): Promise<number> {
  return Number(await engine.inspect(name, '.State.Pid'));
}
