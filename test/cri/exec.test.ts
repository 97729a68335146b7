import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listProcesses, waitForEnd } from '../support/processes.ts';
import { waitUntil } from '../support/waiting.ts';
import type { PodContainer } from './support/container.ts';
import { CriDaemon } from './support/daemon.ts';
import { Pod } from './support/pod.ts';

const DEADLINE_EXCEEDED = 4;

describe('ExecSync', () => {
  let daemon: CriDaemon;
  let pod: Pod;
  let container: PodContainer;

  before(async () => {
    daemon = await CriDaemon.start();
    pod = await Pod.run(daemon);
    container = await pod.start(['sleep', '1000']);
  });
  after(async () => {
    await daemon.stop();
  });

  const shell = (script: string, timeout = 0) => container.exec(['sh', '-c', script], timeout);

  /** A process of the container by a number in its command line that nothing else uses. */
  const sleeper = (seconds: string) =>
    listProcesses().find(({ argv }) => argv[0] === 'sleep' && argv[1] === seconds);

  test('returns both outputs and the exit code', async () => {
    const result = await shell('echo out; echo err >&2; exit 7');
    assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', exitCode: 7 });
    const none = await container.exec(['true']);
    assert.deepEqual(none, { stdout: '', stderr: '', exitCode: 0 });
  });

  test('a death by signal is 128 and the signal', async () => {
    assert.equal((await shell('kill -9 $$')).exitCode, 137);
  });

  test('a long output arrives whole', async () => {
    const { stdout } = await shell('seq 1 200000');
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 200_000);
    assert.equal(lines.at(-1), '200000');
  });

  test('a command that is not there', async () => {
    await assert.rejects(container.exec(['/bin/no-such-command']), /no such file or directory/);
  });

  test('20 at the same time', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const results = await Promise.all(numbers.map((n) => shell(`echo ${n}; exit ${n}`)));
    const expected = numbers.map((n) => ({ stdout: `${n}\n`, stderr: '', exitCode: n }));
    assert.deepEqual(results, expected);
  });

  test('a command that takes too long is killed', async () => {
    await assert.rejects(container.exec(['sleep', '86401'], 1), {
      code: DEADLINE_EXCEEDED,
      details: /timeout 1s exceeded/,
    });
    assert.equal(sleeper('86401'), undefined);
  });

  test('a child in the background that holds no output does not keep it waiting', async () => {
    const result = await shell('sleep 86402 >/dev/null 2>&1 & echo started');
    assert.deepEqual(result, { stdout: 'started\n', stderr: '', exitCode: 0 });
    await waitUntil('it sleeps', () => sleeper('86402'));
  });

  test('what a child writes after the end of the command still arrives', async () => {
    const result = await shell('(sleep 1; echo late) & echo early; exit 5');
    assert.deepEqual(result, { stdout: 'early\nlate\n', stderr: '', exitCode: 5 });
  });

  test('a child that holds the output: the daemon gives up after its time', async (context) => {
    if (daemon.version < 1.7) {
      context.skip('containerd 1.6 waits as long as the child lives, with every shim');
      return;
    }
    await assert.rejects(shell('sleep 86403 & echo started'), /still held by other processes/);
    await waitUntil('it sleeps', () => sleeper('86403'));
    assert.equal((await shell('echo again')).stdout, 'again\n');
  });

  test('processes that were left in the container end with it', async () => {
    const left = ['86402', '86403'].map((seconds) => sleeper(seconds)?.pid ?? 0);
    await container.stop(0);
    for (const pid of left.filter((each) => each !== 0)) await waitForEnd(pid);
    await assert.rejects(shell('true'), /not.*running|CONTAINER_EXITED/);
    await container.remove();
    await pod.stop();
    await pod.remove();
    assert.deepEqual(await daemon.leftovers(), []);
  });
});
