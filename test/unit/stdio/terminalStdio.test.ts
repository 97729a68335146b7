import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe } from 'node:test';
import { O_NONBLOCK, O_RDONLY, SIGNALS } from '../../../src/posix/constants.ts';
import { closeFile, openFile } from '../../../src/posix/files.ts';
import { connectUnix } from '../../../src/posix/sockets.ts';
import { countDescriptors, eventually, openDescriptors, stdioTest, useReaper } from './support.ts';
import { exitOf, runOn, sendMaster, socketOf } from './terminal.ts';

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

describe('stdio on a terminal', () => {
  useReaper();

  stdioTest('output is raw, complete, and ends after the exit', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout, terminal: true });
    const directory = dirname(socketOf(stdio));
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    assert.equal(statSync(directory, { throwIfNoEntry: false }), undefined);
    assert.equal(countDescriptors('/dev/ptmx'), 1);
    const container = runOn(workspace, slavePath, 'seq 20000; echo to stderr >&2; exit 7');
    assert.equal(await exitOf(stdio, container), 7);
    assert.equal(await stdio.drained(10_000), true);
    await reader.wait();
    const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\r\n`).join('');
    assert.equal(workspace.text('seen'), `${numbers}to stderr\r\n`);
    assert.equal(countDescriptors('/dev/ptmx'), 0);
  });

  stdioTest('EIO while no slave is open is not the end', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout, terminal: true });
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    for (const round of [1, 2, 3]) {
      assert.equal(await stdio.drained(30), false);
      await runOn(workspace, slavePath, `echo round ${round}`).wait();
    }
    assert.equal(reader.exit, undefined);
    stdio.processExited();
    assert.equal(await stdio.drained(10_000), true);
    await reader.wait();
    assert.equal(workspace.text('seen'), 'round 1\r\nround 2\r\nround 3\r\n');
  });

  stdioTest('an exit before the terminal was attached', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout, terminal: true });
    const slavePath = sendMaster(stdio);
    const container = runOn(workspace, slavePath, 'echo quick');
    await exitOf(stdio, container);
    await stdio.attach();
    assert.equal(await stdio.drained(10_000), true);
    await reader.wait();
    assert.equal(workspace.text('seen'), 'quick\r\n');
  });

  stdioTest('a background child on the terminal does not hold up its end', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout, terminal: true });
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    const container = runOn(workspace, slavePath, 'trap "" HUP; sleep 1000 & echo $!');
    await exitOf(stdio, container);
    assert.equal(await stdio.drained(10_000), true);
    await reader.wait();
    process.kill(Number(workspace.text('seen')), SIGNALS.SIGKILL);
  });

  stdioTest('the size arrives', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout, terminal: true });
    stdio.resize(1, 1);
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    stdio.resize(12, 34);
    const container = runOn(
      workspace,
      slavePath,
      'stty size; trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.01; done',
    );
    await eventually('ready', () => workspace.text('seen').includes('ready'));
    stdio.resize(200, 50);
    await exitOf(stdio, container);
    await stdio.drained(10_000);
    stdio.resize(1, 1);
    await reader.wait();
    assert.equal(workspace.text('seen'), '34 12\r\nready\r\n50 200\r\n');
  });

  stdioTest('CloseIO types the end of input, after the last client left', async (workspace) => {
    const stdin = workspace.fifo('in');
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdin, stdout, terminal: true });
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    const container = runOn(workspace, slavePath, 'stty -echo; echo ready; cat; echo complete');
    await eventually('ready', () => workspace.text('seen').includes('ready'));
    await workspace.shell('echo line > in').wait();
    await eventually('line', () => workspace.text('seen').includes('line'));
    const client = workspace.shell(
      'exec > in; touch opened; while [ ! -e go ]; do sleep 0.01; done; printf begun',
    );
    await eventually('opened', () => exists(workspace.path('opened')));
    stdio.closeStdin();
    stdio.closeStdin();
    assert.equal(container.exit, undefined);
    writeFileSync(workspace.path('go'), '');
    await client.wait();
    assert.equal(await exitOf(stdio, container), 0);
    assert.equal(await stdio.drained(10_000), true);
    await reader.wait();
    assert.equal(workspace.text('seen'), 'ready\r\nline\r\nbeguncomplete\r\n');
  });

  stdioTest('an interactive shell ends with its input', async (workspace) => {
    const stdin = workspace.fifo('in');
    const stdio = await workspace.open({ stdin, terminal: true });
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    const container = runOn(workspace, slavePath, 'exec /bin/bash --norc --noprofile -i');
    await workspace.shell('echo "echo \\$((6*7)) > answer" > in').wait();
    await eventually(
      'answer',
      () => exists(workspace.path('answer')) && workspace.text('answer') === '42\n',
    );
    stdio.closeStdin();
    assert.equal(await exitOf(stdio, container), 0);
    assert.equal(await stdio.drained(10_000), true);
  });

  stdioTest('a stalled client keeps the output until it comes back', async (workspace) => {
    const stdout = workspace.fifo('out');
    const held = openFile(stdout, O_RDONLY | O_NONBLOCK);
    const stdio = await workspace.open({ stdout, terminal: true });
    const slavePath = sendMaster(stdio);
    await stdio.attach();
    const container = runOn(workspace, slavePath, 'stty -opost; head -c 70000 /dev/zero');
    await exitOf(stdio, container);
    assert.equal(await stdio.drained(30), false);
    const reader = workspace.shell('exec cat out > seen');
    assert.equal(await stdio.drained(10_000), true);
    closeFile(held);
    await reader.wait();
    assert.equal(statSync(workspace.path('seen')).size, 70_000);
  });

  stdioTest('a terminal may write to a file, or nowhere', async (workspace) => {
    const path = workspace.path('logs/terminal.log');
    for (const stdout of [`file://${path}`, '']) {
      const stdio = await workspace.open({ stdout, terminal: true });
      const slavePath = sendMaster(stdio);
      await stdio.attach();
      const container = runOn(workspace, slavePath, 'echo hello');
      assert.equal(await exitOf(stdio, container), 0);
      assert.equal(await stdio.drained(10_000), true);
    }
    assert.equal(readFileSync(path, 'utf8'), 'hello\r\n');
  });

  stdioTest('a runtime that fails leaves nothing', async (workspace) => {
    const before = openDescriptors();
    const stdio = await workspace.open({ terminal: true });
    const directory = dirname(socketOf(stdio));
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    stdio.close();
    stdio.close();
    assert.equal(statSync(directory, { throwIfNoEntry: false }), undefined);
    assert.deepEqual(openDescriptors(), before);
  });

  stdioTest(
    'the socket is below XDG_RUNTIME_DIR, unless others could swap it there',
    async (workspace) => {
      const given = workspace.path('runtime');
      mkdirSync(given);
      const cases = [
        { owner: 0, mode: 0o700, expected: given },
        { owner: 0, mode: 0o1777, expected: given },
        { owner: 0, mode: 0o777, expected: '/run' },
        { owner: 65534, mode: 0o700, expected: '/run' },
      ];
      const before = process.env.XDG_RUNTIME_DIR;
      process.env.XDG_RUNTIME_DIR = given;
      try {
        for (const { owner, mode, expected } of cases) {
          chownSync(given, owner, 0);
          chmodSync(given, mode);
          const stdio = await workspace.open({ terminal: true });
          assert.equal(dirname(dirname(socketOf(stdio))), expected, `${owner} ${mode.toString(8)}`);
          stdio.close();
        }
      } finally {
        if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
        else process.env.XDG_RUNTIME_DIR = before;
      }
    },
  );

  stdioTest('close() ends the wait for a terminal that never comes', async (workspace) => {
    for (const connected of [false, true]) {
      const before = openDescriptors();
      const stdio = await workspace.open({ terminal: true });
      const connection = connected ? connectUnix(socketOf(stdio), 1_000) : undefined;
      const attached = assert.rejects(stdio.attach(), { message: 'console socket is closed' });
      stdio.close();
      await attached;
      if (connection !== undefined) closeFile(connection);
      assert.deepEqual(openDescriptors(), before);
    }
  });

  stdioTest('the terminal may come late', async (workspace) => {
    const stdio = await workspace.open({ terminal: true });
    const attached = stdio.attach();
    const slavePath = sendMaster(stdio);
    await attached;
    assert.equal(await exitOf(stdio, runOn(workspace, slavePath, 'exit 5')), 5);
    assert.equal(await stdio.drained(10_000), true);
  });

  stdioTest('anything but a descriptor is refused', async (workspace) => {
    const stdio = await workspace.open({ terminal: true });
    const connection = connectUnix(socketOf(stdio), 1_000);
    closeFile(connection);
    await assert.rejects(stdio.attach());
  });
});
