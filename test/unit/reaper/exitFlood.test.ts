import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { closeFile, makePipe } from '../../../src/posix/files.ts';
import { becomeSubreaper, type SpawnRequest } from '../../../src/posix/processes.ts';
import type { Exit } from '../../../src/reaper/exit.ts';
import { ExitFlood } from '../../../src/reaper/exitFlood.ts';
import { Reaper } from '../../../src/reaper/reaper.ts';
import { waitUntil } from '../../support/waiting.ts';

const SIGCHLD = 17;

function isSignalHandled(): boolean {
  const status = readFileSync('/proc/self/status', 'utf8');
  const mask = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((mask >> BigInt(SIGCHLD - 1)) & 1n) === 1n;
}

function shell(script: string, stdin = -1): SpawnRequest {
  return {
    path: '/bin/sh',
    argv: ['sh', '-c', script],
    environment: ['PATH=/usr/bin:/bin'],
    directory: undefined,
    descriptors: [stdin, -1, -1],
    killWithParent: true,
    newProcessGroup: false,
    openFiles: undefined,
  };
}

// Neither SIGCHLD nor a child keeps Node alive; in the shim its listening socket does.
const awake = setInterval(() => {}, 60_000);
after(() => clearInterval(awake));

describe('a flood of signals', () => {
  let signals = 0;
  const count = (): void => {
    signals += 1;
  };
  before(() => void process.on('SIGCHLD', count));
  after(() => void process.off('SIGCHLD', count));

  test('is ended by a look that finds nobody, and one signal tells of whoever came meanwhile', async () => {
    const finds = [3, 1, 2, 0];
    const flood = new ExitFlood(() => {
      assert.equal(isSignalHandled(), false);
      return finds.shift() ?? 0;
    });
    // Should this process be held up between two of them, they count anew.
    while (isSignalHandled()) flood.signalled();
    process.kill(process.pid, 'SIGCHLD');
    await waitUntil('signals are handled again', isSignalHandled);
    await waitUntil('one has come', () => signals > 0);
    assert.deepEqual({ finds, signals }, { finds: [], signals: 1 });
  });

  test('is over when the reaper goes', async () => {
    signals = 0;
    const flood = new ExitFlood(() => assert.fail('it still looks'));
    while (isSignalHandled()) flood.signalled();
    flood.end();
    assert.equal(isSignalHandled(), true);
    await waitUntil('the signal has come', () => signals > 0);
    flood.end();
    assert.equal(signals, 1);
  });
});

describe('the reaper in a flood', () => {
  const reaper = new Reaper();
  before(() => {
    becomeSubreaper();
    reaper.install();
  });
  after(() => reaper.uninstall());

  test('loses nobody, tells everybody in one order, and knows its commands', async () => {
    const ORPHANS = 600;
    const COMMANDS = 20;
    const [gate, key] = makePipe();
    const subscription = reaper.subscribe();
    const seen: Exit[] = [];
    const also: Exit[] = [];
    const subscriptions = [seen, also].map((exits) => reaper.subscribe((exit) => exits.push(exit)));
    // Who waits at the gate ends when the only key to it is gone.
    const orphans = `exec 4<&0; count=0
      while [ $count -lt ${ORPHANS} ]; do (read -r _ <&4; exit 9) & count=$((count + 1)); done; exit 3`;
    assert.equal((await reaper.run(shell(orphans, gate))).status, 3);
    const commands = Array.from({ length: COMMANDS }, (_, index) =>
      reaper.start(shell(`read -r _; exit ${index}`, gate)),
    );
    closeFile(gate);
    closeFile(key);
    const statuses = (await Promise.all(commands.map((each) => each.wait()))).map((e) => e.status);
    assert.deepEqual(statuses, [...Array(COMMANDS).keys()]);
    const total = ORPHANS + COMMANDS + 1;
    await waitUntil('everybody is reaped', () => seen.length >= total);

    assert.equal(seen.length, total);
    assert.deepEqual(also, seen);
    for (const exit of seen) assert.equal(await subscription.next(), exit);
    assert.equal(new Set(seen.map((exit) => exit.pid)).size, total);
    const adopted = seen.filter((exit) => !exit.ofCommand);
    assert.deepEqual([...new Set(adopted.map((exit) => exit.status))], [9]);
    assert.equal(adopted.length, ORPHANS);

    await waitUntil('signals are handled again', isSignalHandled);
    assert.equal((await reaper.run(shell('exit 5'))).status, 5);
    for (const each of [subscription, ...subscriptions]) each.close();
  });
});
