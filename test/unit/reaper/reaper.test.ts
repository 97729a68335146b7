import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SIGKILL } from '../../../src/posix/constants.ts';
import { becomeSubreaper, type SpawnRequest } from '../../../src/posix/processes.ts';
import type { Exit } from '../../../src/reaper/exit.ts';
import { Reaper } from '../../../src/reaper/reaper.ts';

const shell = (script: string): SpawnRequest => ({
  path: '/bin/sh',
  argv: ['sh', '-c', script],
  environment: ['PATH=/usr/bin:/bin'],
  directory: undefined,
  descriptors: [-1, -1, -1],
  killWithParent: true,
  newProcessGroup: false,
  openFiles: undefined,
});

describe('the reaper', () => {
  const thrown: unknown[] = [];
  const reaper = new Reaper((error) => thrown.push(error));
  // Neither SIGCHLD nor a child keeps Node alive; in the shim its listening socket does.
  const awake = setInterval(() => {}, 60_000);
  before(() => {
    becomeSubreaper();
    reaper.install();
  });
  after(() => {
    reaper.uninstall();
    clearInterval(awake);
  });

  test('tells exit codes from signals', async () => {
    assert.equal((await reaper.run(shell('exit 0'))).status, 0);
    assert.equal((await reaper.run(shell('exit 42'))).status, 42);
    assert.equal((await reaper.run(shell('kill -KILL $$'))).status, 137);
    assert.equal((await reaper.run(shell('kill -SEGV $$'))).status, 139);
  });

  test('a command keeps its exit for whoever asks later', async () => {
    const command = reaper.start(shell('exit 7'));
    assert.equal((await command.wait()).status, 7);
    assert.equal((await command.wait()).status, 7);
    assert.equal(command.exit?.pid, command.pid);
    assert.ok(!reaper.runningCommands.includes(command.pid));
  });

  test('signals a command only while it holds its pid', async () => {
    const command = reaper.start(shell('sleep 100'));
    command.kill(SIGKILL);
    assert.equal((await command.wait()).status, 137);
    command.kill(SIGKILL);
  });

  test('gives adopted orphans to subscribers, and marks commands', async () => {
    const subscription = reaper.subscribe();
    // The inner shell outlives its parent and is adopted.
    const command = reaper.start(shell('(exec sh -c "kill -STOP \\$\\$; exit 9") & echo; exit 3'));
    const first = await subscription.next();
    assert.deepEqual(
      { pid: first?.pid, status: first?.status, ofCommand: first?.ofCommand },
      { pid: command.pid, status: 3, ofCommand: true },
    );
    const { readFileSync } = await import('node:fs');
    const children = `/proc/${process.pid}/task/${process.pid}/children`;
    const orphan = Number(readFileSync(children, 'utf8').trim().split(' ').at(-1));
    // It may not have reached its own stop yet: SIGCONT is repeated until it has ended.
    const resume = setInterval(() => process.kill(orphan, 'SIGCONT'), 5);
    const second = await subscription.next();
    clearInterval(resume);
    subscription.close();
    assert.deepEqual(
      { pid: second?.pid, status: second?.status, ofCommand: second?.ofCommand },
      { pid: orphan, status: 9, ofCommand: false },
    );
  });

  test('a subscriber that never takes anything holds up nobody and loses nothing', async () => {
    const stalled = reaper.subscribe();
    const seen: Exit[] = [];
    const prompt = reaper.subscribe((exit) => seen.push(exit));
    const throwing = reaper.subscribe(() => {
      throw new Error('a broken subscriber');
    });
    const commands = Array.from({ length: 50 }, (_, i) => reaper.start(shell(`exit ${i}`)));
    const statuses = (await Promise.all(commands.map((each) => each.wait()))).map((e) => e.status);
    assert.deepEqual(
      statuses,
      Array.from({ length: 50 }, (_, i) => i),
    );
    assert.equal(seen.length, 50);
    assert.equal(stalled.pending, 50);
    assert.equal(thrown.length, 50);
    const late = await stalled.next();
    assert.equal(late, seen[0]);
    for (const subscription of [stalled, prompt, throwing]) subscription.close();
  });

  test('nobody is left to wait for ever when a subscription closes', async () => {
    const subscription = reaper.subscribe();
    const waiting = subscription.next();
    subscription.close();
    assert.equal(await waiting, undefined);
    assert.equal(await subscription.next(), undefined);
  });
});
