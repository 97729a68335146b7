import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe } from 'node:test';
import { O_NONBLOCK, O_RDONLY, O_WRONLY, SIGNALS } from '../../../src/posix/constants.ts';
import { closeFile, openFile, readSome, writeSome } from '../../../src/posix/files.ts';
import {
  countDescriptors,
  descriptorsOf,
  eventually,
  openDescriptors,
  stdioTest,
  TestCancellation,
  useReaper,
} from './support.ts';

const openReader = (path: string): number => openFile(path, O_RDONLY | O_NONBLOCK);
const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('stdio on pipes', () => {
  useReaper();

  stdioTest('the FIFO ends with the process, nothing else is needed', async (workspace) => {
    const stdout = workspace.fifo('out');
    const stderr = workspace.fifo('err');
    const readers = [
      workspace.shell('exec cat out > seen.out'),
      workspace.shell('cat err > seen.err'),
    ];
    const stdio = await workspace.open({ stdout, stderr });
    const container = await workspace.run(stdio, 'echo to stdout; echo to stderr >&2; exit 3');
    assert.equal((await container.wait()).status, 3);
    for (const reader of readers) assert.equal((await reader.wait()).status, 0);
    assert.equal(await stdio.drained(10_000), true);
    assert.equal(workspace.text('seen.out'), 'to stdout\n');
    assert.equal(workspace.text('seen.err'), 'to stderr\n');
    assert.match(stdio.describe(), /stdout: ended .* 10 bytes\nstderr: ended .* 10 bytes$/);
    assert.equal(countDescriptors(workspace.directory), 0);
  });

  stdioTest('a client may leave and another one gets what is written since', async (workspace) => {
    const stdout = workspace.fifo('out');
    const first = openReader(stdout);
    const stdio = await workspace.open({ stdout });
    const container = await workspace.run(
      stdio,
      'trap "" PIPE; echo one; while [ ! -e go ]; do sleep 0.01; done; echo two && echo three && touch wrote; exec sleep 1000',
    );
    await eventually('the first line', () => decode(readSome(first, 64)) === 'one\n');
    closeFile(first);
    writeFileSync(workspace.path('go'), '');
    await eventually('written without a reader', () => exists(workspace.path('wrote')));
    const second = workspace.shell('exec cat out > seen');
    await eventually(
      'all of it',
      () => exists(workspace.path('seen')) && workspace.text('seen') === 'two\nthree\n',
    );
    container.kill(SIGNALS.SIGKILL);
    assert.equal((await second.wait()).status, 0);
  });

  stdioTest('output waits for a reader that stalls, without loss', async (workspace) => {
    const stalled = workspace.fifo('stalled');
    const lively = workspace.fifo('lively');
    const reader = openReader(stalled);
    const stdio = await workspace.open({ stdout: stalled });
    const container = await workspace.run(stdio, 'head -c 1000000 /dev/zero | tr "\\0" x');

    const lines = workspace.shell('exec cat lively > seen');
    const other = await workspace.open({ stdout: lively });
    const neighbour = await workspace.run(other, 'head -c 5000000 /dev/zero');
    assert.equal((await neighbour.wait()).status, 0);
    await lines.wait();
    assert.equal(statSync(workspace.path('seen')).size, 5_000_000);
    assert.equal(container.exit, undefined);
    assert.equal(await stdio.drained(20), false);

    const client = workspace.shell('exec cat stalled > rest');
    closeFile(reader);
    assert.equal((await container.wait()).status, 0);
    await client.wait();
    assert.equal(statSync(workspace.path('rest')).size, 1_000_000);
    assert.equal(await stdio.drained(10_000), true);
  });

  stdioTest('output that nobody will read keeps nobody waiting', async (workspace) => {
    const path = workspace.fifo('out');
    const reader = openReader(path);
    const stdio = await workspace.open({ stdout: path });
    const container = await workspace.run(stdio, 'head -c 100000 /dev/zero');
    assert.equal((await container.wait()).status, 0);
    closeFile(reader);
    assert.equal(await stdio.drained(20), false);
    stdio.expectNoReader();
    assert.equal(await stdio.drained(10_000), true);
    assert.match(stdio.describe(), /[1-9]\d* dropped after EPIPE$/);
  });

  stdioTest('a reader that goes on reading gets everything', async (workspace) => {
    const path = workspace.fifo('out');
    const reader = openReader(path);
    const stdio = await workspace.open({ stdout: path });
    const container = await workspace.run(stdio, 'head -c 100000 /dev/zero');
    assert.equal((await container.wait()).status, 0);
    stdio.expectNoReader();
    // A reader of its own: a shared O_NONBLOCK would end cat wherever it overtakes the writer.
    const client = workspace.shell('exec cat out > rest');
    assert.equal(await stdio.drained(10_000), true);
    assert.equal((await client.wait()).status, 0);
    closeFile(reader);
    assert.equal(statSync(workspace.path('rest')).size, 100_000);
  });

  stdioTest(
    'a background child keeps the output open; close() lets go of all',
    async (workspace) => {
      const before = openDescriptors();
      const stdin = workspace.fifo('in');
      const stdout = workspace.fifo('out');
      const stderr = workspace.fifo('err');
      const readers = ['out', 'err'].map((name) =>
        workspace.shell(`exec cat ${name} > seen.${name}`),
      );
      const stdio = await workspace.open({ stdin, stdout, stderr });
      const container = await workspace.run(stdio, 'sleep 1000 & echo $!');
      assert.equal((await container.wait()).status, 0);
      await eventually('the pid is told', () => /^\d+\n$/.test(workspace.text('seen.out')));
      assert.equal(await stdio.drained(50), false);
      const waiting = stdio.drained(60_000);
      stdio.close();
      stdio.close();
      assert.equal(await waiting, false);
      assert.deepEqual(openDescriptors(), before);
      for (const reader of readers) await reader.wait();
      process.kill(Number(workspace.text('seen.out')), SIGNALS.SIGKILL);
    },
  );

  stdioTest('an exec whose background child ends is drained then', async (workspace) => {
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdout });
    const container = await workspace.run(
      stdio,
      '(while [ ! -e go ]; do sleep 0.01; done; echo late) & exit 0',
    );
    await container.wait();
    const drained = stdio.drained(60_000);
    assert.equal(reader.exit, undefined);
    writeFileSync(workspace.path('go'), '');
    assert.equal(await drained, true);
    await reader.wait();
    assert.equal(workspace.text('seen'), 'late\n');
  });

  stdioTest('a stream without a path goes to /dev/null', async (workspace) => {
    const stderr = workspace.fifo('err');
    const reader = workspace.shell('exec cat err > seen');
    const stdio = await workspace.open({ stderr });
    assert.deepEqual(descriptorsOf(stdio).slice(0, 2), [-1, -1]);
    const container = await workspace.run(
      stdio,
      'cat; echo lost; to=$(readlink /proc/$$/fd/1); echo $to >&2',
    );
    assert.equal((await container.wait()).status, 0);
    await reader.wait();
    assert.equal(workspace.text('seen'), '/dev/null\n');
  });

  stdioTest('no path at all opens nothing', async (workspace) => {
    const before = openDescriptors();
    const stdio = await workspace.open({});
    assert.deepEqual(stdio.forRuntime, { descriptors: [-1, -1, -1] });
    assert.deepEqual(openDescriptors(), before);
    assert.equal(await stdio.drained(0), true);
  });

  stdioTest('stdin: clients come and go, CloseIO and the last client end it', async (workspace) => {
    const stdin = workspace.fifo('in');
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdin, stdout });
    const container = await workspace.run(stdio, 'exec cat');
    await workspace.shell('echo one > in').wait();
    const client = openFile(stdin, O_WRONLY | O_NONBLOCK);
    writeSome(client, encode('two\n'));
    stdio.closeStdin();
    stdio.closeStdin();
    writeSome(client, encode('three\n'));
    await eventually('all of it', () => workspace.text('seen') === 'one\ntwo\nthree\n');
    assert.equal(container.exit, undefined);
    closeFile(client);
    assert.equal((await container.wait()).status, 0);
    await reader.wait();
    await eventually('stdin closed', () => countDescriptors(workspace.directory) === 0);
  });

  stdioTest('a stdin that nobody opens holds up nothing', async (workspace) => {
    const stdin = workspace.fifo('in');
    const stdout = workspace.fifo('out');
    const reader = workspace.shell('exec cat out > seen');
    const stdio = await workspace.open({ stdin, stdout });
    const container = await workspace.run(stdio, 'echo done');
    await container.wait();
    await reader.wait();
    assert.equal(await stdio.drained(10_000), true);
  });

  stdioTest('a container that closes its stdin does not break its client', async (workspace) => {
    const pipes = countDescriptors('pipe:');
    const stdin = workspace.fifo('in');
    const stdio = await workspace.open({ stdin });
    const container = await workspace.run(stdio, 'exec <&-; touch closed; exec sleep 1000');
    await eventually('stdin closed', () => exists(workspace.path('closed')));
    const client = openFile(stdin, O_WRONLY | O_NONBLOCK);
    assert.equal(writeSome(client, encode('x')), 1);
    await eventually('pipe closed', () => countDescriptors('pipe:') === pipes);
    assert.equal(writeSome(client, encode('x')), 1);
    closeFile(client);
    container.kill(SIGNALS.SIGKILL);
  });

  stdioTest(
    'the container ends belong to io_uid and io_gid and stay blocking',
    async (workspace) => {
      const stdin = workspace.fifo('in');
      const stdout = workspace.fifo('out');
      const reader = openReader(stdout);
      const stdio = await workspace.open({ stdin, stdout }, { ioUid: 1234, ioGid: 4321 });
      const [input = -1, output = -1] = descriptorsOf(stdio);
      for (const descriptor of [input, output]) {
        const { uid, gid } = statSync(`/proc/self/fd/${descriptor}`);
        assert.deepEqual({ uid, gid }, { uid: 1234, gid: 4321 });
        const flags = /flags:\s+(\d+)/.exec(
          readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'),
        );
        assert.equal(Number.parseInt(flags?.[1] ?? '', 8) & O_NONBLOCK, 0);
      }
      closeFile(reader);
    },
  );

  stdioTest('when one FIFO fails everything is closed', async (workspace) => {
    const before = openDescriptors();
    const stdin = workspace.fifo('in');
    const stdout = workspace.fifo('out');
    const stderr = workspace.fifo('err');
    const reader = openReader(stdout);
    const missing = workspace.path('missing');
    await assert.rejects(workspace.open({ stdin, stdout, stderr: missing }), { code: 'ENOENT' });
    await assert.rejects(
      workspace.open({ stdin, stdout, stderr }, { readerLimitMilliseconds: 30 }),
      { message: `opening stderr FIFO ${stderr}: no reader within 0.03 s` },
    );
    const cancel = new TestCancellation();
    const opening = workspace.open({ stdin, stdout, stderr }, { cancel });
    await eventually('waiting', () => cancel.listeners === 1);
    cancel.cancel(new Error('given up'));
    await assert.rejects(opening, { message: 'given up' });
    await assert.rejects(
      workspace.open({ stdout: 'npipe://x' }),
      /^Error: unknown STDIO scheme npipe$/,
    );
    closeFile(reader);
    assert.deepEqual(openDescriptors(), before);
  });

  stdioTest('file: takes both streams, appends, makes its directories', async (workspace) => {
    mkdirSync(workspace.path('logs'));
    const path = workspace.path('logs/a/b/c.log');
    for (const round of [1, 2]) {
      const stdio = await workspace.open({ stdout: `file://${path}` });
      assert.equal(countDescriptors(path), 1);
      const container = await workspace.run(
        stdio,
        `echo out ${round}; sleep 0.05; echo err ${round} >&2`,
      );
      await container.wait();
      assert.equal(await stdio.drained(10_000), true);
      assert.equal(countDescriptors(path), 0);
    }
    assert.equal(readFileSync(path, 'utf8'), 'out 1\nerr 1\nout 2\nerr 2\n');
    assert.equal(statSync(workspace.path('logs/a')).mode & 0o777, 0o755);
    assert.equal(statSync(path).mode & 0o777, 0o644);
  });

  stdioTest(
    'one plain file for both streams is opened once, and never created',
    async (workspace) => {
      const path = workspace.path('log');
      await assert.rejects(workspace.open({ stdout: path, stderr: path }), { code: 'ENOENT' });
      writeFileSync(path, 'before\n');
      const stdio = await workspace.open({ stdout: path, stderr: path });
      assert.equal(countDescriptors(path), 1);
      const container = await workspace.run(stdio, 'echo out; exec >&-; sleep 0.05; echo err >&2');
      await container.wait();
      assert.equal(await stdio.drained(10_000), true);
      assert.equal(workspace.text('log'), 'before\nout\nerr\n');
      assert.equal(countDescriptors(path), 0);
    },
  );

  stdioTest('a full disk drops output, counts it, and stops nobody', async (workspace) => {
    const stdio = await workspace.open({ stdout: '/dev/full' });
    const container = await workspace.run(stdio, 'head -c 1000000 /dev/zero');
    assert.equal((await container.wait()).status, 0);
    assert.equal(await stdio.drained(10_000), true);
    assert.match(stdio.describe(), / 0 bytes, 9\d{5} dropped after ENOSPC$/);
  });

  stdioTest('a disk with space again takes output again', async (workspace) => {
    const mount = workspace.path('small');
    mkdirSync(mount);
    const mounted = workspace.shell('mount -t tmpfs -o size=65536 none small');
    if ((await mounted.wait()).status !== 0) return;
    try {
      writeFileSync(`${mount}/log`, '');
      writeFileSync(`${mount}/ballast`, 'x'.repeat(60_000));
      const stdio = await workspace.open({ stdout: `${mount}/log` });
      const container = await workspace.run(
        stdio,
        'head -c 500000 /dev/zero; while :; do echo again; sleep 0.02; done',
      );
      await eventually('dropped', () => /[1-9]\d* dropped/.test(stdio.describe()));
      writeFileSync(`${mount}/ballast`, '');
      writeFileSync(`${mount}/log`, '');
      await eventually('the line', () => readFileSync(`${mount}/log`, 'utf8').endsWith('again\n'));
      container.kill(SIGNALS.SIGKILL);
      stdio.close();
    } finally {
      assert.equal((await workspace.shell('umount small').wait()).status, 0);
    }
  });
});
