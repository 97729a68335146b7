import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { stdioTest, useReaper } from './support.ts';
import { exitOf, runOn, sendMaster } from './terminal.ts';

const gibibyte = 2 ** 30;
/** Lines that differ, so that whatever is lost, doubled or out of order changes the sum. */
const lines = (bytes: number): string => `seq 1000000000 | head -c ${bytes}`;

describe('large outputs', () => {
  useReaper();

  stdioTest(
    '1 GiB through a pipe',
    async (workspace) => {
      const stdout = workspace.fifo('out');
      const reader = workspace.shell('exec sha256sum < out > seen');
      const stdio = await workspace.open({ stdout });
      const container = await workspace.run(stdio, lines(gibibyte));
      assert.equal((await container.wait()).status, 0);
      assert.equal(await stdio.drained(60_000), true);
      await reader.wait();
      await workspace.shell(`${lines(gibibyte)} | sha256sum > expected`).wait();
      assert.equal(workspace.text('seen'), workspace.text('expected'));
    },
    300_000,
  );

  stdioTest(
    '256 MiB through a terminal',
    async (workspace) => {
      const stdout = workspace.fifo('out');
      const reader = workspace.shell('exec sha256sum < out > seen');
      const stdio = await workspace.open({ stdout, terminal: true });
      const slavePath = sendMaster(stdio);
      await stdio.attach();
      const container = runOn(workspace, slavePath, `stty -opost; ${lines(gibibyte / 4)}`);
      assert.equal(await exitOf(stdio, container), 0);
      assert.equal(await stdio.drained(60_000), true);
      await reader.wait();
      await workspace.shell(`${lines(gibibyte / 4)} | sha256sum > expected`).wait();
      assert.equal(workspace.text('seen'), workspace.text('expected'));
    },
    300_000,
  );

  stdioTest(
    '64 MiB through stdin and back',
    async (workspace) => {
      const stdin = workspace.fifo('in');
      const stdout = workspace.fifo('out');
      const reader = workspace.shell('exec sha256sum < out > seen');
      const stdio = await workspace.open({ stdin, stdout });
      const container = await workspace.run(stdio, 'exec cat');
      const client = workspace.shell(`${lines(gibibyte / 16)} > in`);
      await client.wait();
      stdio.closeStdin();
      assert.equal((await container.wait()).status, 0);
      assert.equal(await stdio.drained(60_000), true);
      await reader.wait();
      await workspace.shell(`${lines(gibibyte / 16)} | sha256sum > expected`).wait();
      assert.equal(workspace.text('seen'), workspace.text('expected'));
    },
    300_000,
  );
});
