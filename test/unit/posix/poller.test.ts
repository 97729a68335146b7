import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import {
  O_APPEND,
  O_CREAT,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
} from '../../../src/posix/constants.ts';
import { createEventCounter } from '../../../src/posix/eventfd.ts';
import {
  closeFile,
  fileStatus,
  makeFifo,
  makePipe,
  openFile,
  readSome,
  readText,
  setNonBlocking,
  writeAll,
  writeSome,
} from '../../../src/posix/files.ts';
import { type MovementEnd, startMovement, watchReadable } from '../../../src/posix/poller.ts';
import { openPidfd } from '../../../src/posix/processes.ts';
import { openTerminal, setWindowSize, windowSize } from '../../../src/posix/terminal.ts';
import { exitOf, launch, shell, Workspace, whileAlive } from './support.ts';

const MEBIBYTES_64 = 64 * 1024 * 1024;
const GENERATE = `seq 1 100000000 | head -c ${MEBIBYTES_64}`;

const workspace = new Workspace();
after(() => workspace.remove());
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Descriptors of the running test, closed after it whatever happened. */
const opened = new Set<number>();
function own(descriptor: number): number {
  opened.add(descriptor);
  return descriptor;
}
function disown(descriptor: number): void {
  opened.delete(descriptor);
  closeFile(descriptor);
}
afterEach(() => {
  for (const descriptor of opened) closeFile(descriptor);
  opened.clear();
});

/** A pipe whose ends are ours, non-blocking. */
function pipe(): { reader: number; writer: number } {
  const [reader, writer] = makePipe();
  setNonBlocking(reader, true);
  setNonBlocking(writer, true);
  return { reader: own(reader), writer: own(writer) };
}

let fifoCount = 0;
function fifo(): { path: string; reader: number; writer: number } {
  fifoCount += 1;
  const path = workspace.file(`fifo${fifoCount}`);
  makeFifo(path, 0o600);
  const reader = own(openFile(path, O_RDONLY | O_NONBLOCK));
  return { path, reader, writer: own(openFile(path, O_WRONLY | O_NONBLOCK)) };
}

/** A terminal in raw mode, its slave held open. */
async function rawTerminal(): Promise<{ master: number; slave: number; slavePath: string }> {
  const { master, slavePath } = openTerminal();
  own(master);
  setNonBlocking(master, true);
  const slave = own(openFile(slavePath, O_RDWR | O_NOCTTY));
  assert.equal((await shell('stty raw -echo', { descriptors: [slave, -1, 2] })).status, 0);
  return { master, slave, slavePath };
}

interface Ended {
  readonly end: Promise<MovementEnd>;
  readonly movement: ReturnType<typeof startMovement>;
}
function move(source: number, destination: number, terminal = false): Ended {
  let movement: ReturnType<typeof startMovement> | undefined;
  const end = whileAlive(
    new Promise<MovementEnd>((resolve) => {
      movement = startMovement({ source, destination, terminal }, resolve);
    }),
  );
  assert.ok(movement);
  return { end, movement };
}

/** Resolves once `descriptor` has something to read. */
function readable(descriptor: number): Promise<void> {
  return whileAlive(
    new Promise((resolve) => {
      const watch = watchReadable(descriptor, () => {
        watch.cancel();
        resolve();
      });
    }),
  );
}

/** Reads until `expected` characters have come. */
async function receive(descriptor: number, expected: number): Promise<string> {
  let received = '';
  while (received.length < expected) {
    const part = readSome(descriptor, 65_536);
    if (part === undefined) await readable(descriptor);
    else if (part.length === 0) break;
    else received += text(part);
  }
  return received;
}

async function expectedSum(): Promise<string> {
  return (await shell(`${GENERATE} | sha256sum`)).output;
}

describe('a movement', () => {
  test('carries 64 MiB from a pipe to a FIFO and ends with the pipe', async () => {
    const { reader, writer } = makePipeForChild();
    const target = fifo();
    const sum = shell('sha256sum', { descriptors: [openForChild(target.path, O_RDONLY), -1, 2] });
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, writer, 2] }));
    disown(writer);
    const { end, movement } = move(reader, target.writer);
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    assert.equal(movement.bytes, MEBIBYTES_64);
    disown(target.writer);
    assert.equal(await source, 0);
    assert.equal((await sum).output, await expectedSum());
  });

  test('carries 64 MiB from a FIFO to a pipe', async () => {
    const target = makePipeForParent();
    const from = fifo();
    const sum = shell('sha256sum', { descriptors: [target.reader, -1, 2] });
    disown(target.reader);
    const output = openForChild(from.path, O_WRONLY);
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, output, 2] }));
    disown(output);
    disown(from.writer);
    const { end } = move(from.reader, target.writer);
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    disown(target.writer);
    assert.equal(await source, 0);
    assert.equal((await sum).output, await expectedSum());
  });

  test('carries 64 MiB from a terminal to a FIFO, and ends after finish()', async () => {
    const { master, slave } = await rawTerminal();
    const target = fifo();
    const sum = shell('sha256sum', { descriptors: [openForChild(target.path, O_RDONLY), -1, 2] });
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, slave, 2] }));
    disown(slave);
    const { end, movement } = move(master, target.writer, true);
    assert.equal(await source, 0);
    movement.finish();
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    disown(target.writer);
    assert.equal((await sum).output, await expectedSum());
  });

  test('carries 64 MiB from a FIFO to a terminal', async () => {
    const { master, slave } = await rawTerminal();
    const from = fifo();
    const sum = shell(`head -c ${MEBIBYTES_64} | sha256sum`, { descriptors: [slave, -1, 2] });
    const output = openForChild(from.path, O_WRONLY);
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, output, 2] }));
    disown(output);
    disown(from.writer);
    const { end } = move(from.reader, master);
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    assert.equal(await source, 0);
    assert.equal((await sum).output, await expectedSum());
  });

  test('carries 64 MiB from a pipe to the end of a file', async () => {
    const { reader, writer } = makePipeForChild();
    const path = workspace.file('appended');
    const file = own(openFile(path, O_WRONLY | O_APPEND | O_CREAT, 0o600));
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, writer, 2] }));
    disown(writer);
    assert.deepEqual(await move(reader, file).end, { bytes: MEBIBYTES_64, error: undefined });
    assert.equal(await source, 0);
    const { output } = await shell(`sha256sum < ${path}`);
    assert.equal(output, await expectedSum());
  });

  test('waits while its destination is full, and counts what was taken', async () => {
    const from = pipe();
    const target = pipe();
    const { end, movement } = move(from.reader, target.writer);
    const data = 'x'.repeat(65_536);
    const full = readable(target.reader);
    assert.equal(writeSome(from.writer, data), data.length);
    await full;
    let rest = 0;
    for (;;) {
      const more = writeSome(from.writer, data);
      if (more > 0) rest += more;
      if (movement.bytes === data.length && more < 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    disown(from.writer);
    assert.equal((await receive(target.reader, data.length + rest)).length, data.length + rest);
    assert.deepEqual(await end, { bytes: data.length + rest, error: undefined });
  });

  test('ends with the source although the destination is full', async () => {
    const from = pipe();
    const target = pipe();
    while (writeSome(target.writer, new Uint8Array(4096)) > 0);
    const { end } = move(from.reader, target.writer);
    disown(from.writer);
    assert.deepEqual(await end, { bytes: 0, error: undefined });
  });

  test('fails with EPIPE when nobody reads the destination', async () => {
    const from = pipe();
    const target = pipe();
    const { end } = move(from.reader, target.writer);
    disown(target.reader);
    writeAll(from.writer, 'x');
    assert.deepEqual(await end, { bytes: 0, error: 'EPIPE' });
  });

  test('fails with ENOSPC when the file has no room', async () => {
    for (const flags of [O_WRONLY, O_WRONLY | O_APPEND]) {
      const from = pipe();
      const { end } = move(from.reader, own(openFile('/dev/full', flags)));
      writeAll(from.writer, 'x');
      assert.equal((await end).error, 'ENOSPC');
    }
  });

  test('does not touch its descriptors after cancel()', async () => {
    const from = pipe();
    const target = pipe();
    let ended = false;
    const movement = startMovement(
      { source: from.reader, destination: target.writer, terminal: false },
      () => {
        ended = true;
      },
    );
    writeAll(from.writer, 'first');
    assert.equal(await receive(target.reader, 5), 'first');
    movement.cancel();
    movement.cancel();
    movement.finish();
    assert.equal(movement.bytes, 5);
    writeAll(from.writer, 'second');
    assert.equal(text(readSome(from.reader, 10)), 'second');
    disown(from.writer);
    // Another one that ends shows that the thread has been round.
    await move(from.reader, target.writer).end;
    assert.equal(ended, false);
  });

  test('may be cancelled by the listener of another one that ended with it', async () => {
    const target = pipe();
    const sources = Array.from({ length: 8 }, pipe);
    const ended: number[] = [];
    const movements: ReturnType<typeof startMovement>[] = [];
    await whileAlive(
      new Promise<void>((resolve) => {
        sources.forEach(({ reader }, index) => {
          const request = { source: reader, destination: target.writer, terminal: false };
          movements.push(
            startMovement(request, () => {
              ended.push(index);
              for (const movement of movements) movement.cancel();
              resolve();
            }),
          );
        });
        for (const { writer } of sources) disown(writer);
      }),
    );
    await move(own(openFile('/dev/null', O_RDONLY)), target.writer).end;
    assert.equal(ended.length, 1);
  });

  test('of one that never stops does not keep others waiting', async () => {
    const endless = own(openFile('/dev/zero', O_RDONLY));
    const nowhere = own(openFile('/dev/null', O_WRONLY));
    const { movement } = move(endless, nowhere);
    const from = pipe();
    const target = pipe();
    const { end } = move(from.reader, target.writer);
    writeAll(from.writer, 'through');
    assert.equal(await receive(target.reader, 7), 'through');
    disown(from.writer);
    assert.equal((await end).bytes, 7);
    assert.ok(movement.bytes > 0);
    movement.cancel();
  });

  test('refuses descriptors that are closed or blocking', () => {
    const from = pipe();
    const ended = (): void => assert.fail('never started');
    const start = (source: number, destination: number): unknown =>
      startMovement({ source, destination, terminal: false }, ended);
    assert.throws(() => start(from.reader, 4000), { code: 'EBADF' });
    assert.throws(() => start(-1, from.writer), { code: 'EBADF' });
    setNonBlocking(from.writer, false);
    assert.throws(() => start(from.reader, from.writer), {
      message: `movement from ${from.reader} to ${from.writer}: both have to be non-blocking`,
    });
    // Nothing of the refused ones is left: the same descriptor can be used again.
    const watch = watchReadable(from.reader, ended);
    watch.cancel();
  });
});

describe('a terminal', () => {
  test('has a size', () => {
    const { master } = openTerminal();
    own(master);
    setWindowSize(master, 120, 40);
    assert.deepEqual(windowSize(master), { columns: 120, rows: 40 });
    assert.throws(() => windowSize(own(openFile('/dev/null', O_RDONLY))), {
      message: 'ioctl: inappropriate ioctl for device',
    });
  });

  test('without an open slave waits, and goes on when there is one again', async () => {
    const { master, slavePath } = openTerminal();
    own(master);
    setNonBlocking(master, true);
    const target = pipe();
    const { end, movement } = move(master, target.writer, true);
    for (const word of ['one', 'two']) {
      const descriptor = openFile(slavePath, O_RDWR | O_NOCTTY);
      writeAll(descriptor, word);
      closeFile(descriptor);
      assert.equal(await receive(target.reader, 3), word);
    }
    assert.equal(movement.bytes, 6);
    movement.finish();
    assert.deepEqual(await end, { bytes: 6, error: undefined });
  });

  test('gives everything that was written before finish(), also through a full FIFO', async () => {
    const { master, slave } = await rawTerminal();
    const target = pipe();
    while (writeSome(target.writer, new Uint8Array(4096)) > 0);
    const { end, movement } = move(master, target.writer, true);
    writeAll(slave, 'last words');
    disown(slave);
    movement.finish();
    const received = await receive(target.reader, 65_536 + 10);
    assert.ok(received.endsWith('last words'));
    assert.deepEqual(await end, { bytes: 10, error: undefined });
  });

  test('ends after finish() although somebody still holds the slave', async () => {
    const { master, slave } = await rawTerminal();
    const target = pipe();
    const { end, movement } = move(master, target.writer, true);
    writeAll(slave, 'words');
    assert.equal(await receive(target.reader, 5), 'words');
    movement.finish();
    assert.deepEqual(await end, { bytes: 5, error: undefined });
  });

  test('is the source of one movement and the destination of another', async () => {
    const { master, slavePath } = openTerminal();
    own(master);
    setNonBlocking(master, true);
    const slave = own(openFile(slavePath, O_RDWR | O_NOCTTY));
    const input = pipe();
    const output = pipe();
    const inward = move(input.reader, master);
    const outward = move(master, output.writer, true);
    writeAll(input.writer, 'ping\n');
    assert.equal(await receive(output.reader, 6), 'ping\r\n');
    assert.equal(text(readSome(slave, 100)), 'ping\n');
    disown(input.writer);
    assert.deepEqual(await inward.end, { bytes: 5, error: undefined });
    writeAll(slave, 'pong');
    assert.equal(await receive(output.reader, 4), 'pong');
    outward.movement.cancel();
  });
});

describe('a watch', () => {
  test('tells of every arrival and of nothing after cancel()', async () => {
    const counter = own(createEventCounter());
    const one = new Uint8Array(8);
    one[0] = 1;
    let told = 0;
    let next: (() => void) | undefined;
    const watch = watchReadable(counter, () => {
      told += 1;
      next?.();
    });
    const arrival = (): Promise<void> =>
      whileAlive(
        new Promise((resolve) => {
          next = resolve;
          writeAll(counter, one);
        }),
      );
    await arrival();
    assert.equal(readSome(counter, 8)?.[0], 1);
    await arrival();
    // Not read: the next one is told nevertheless.
    await arrival();
    assert.equal(readSome(counter, 8)?.[0], 2);
    assert.equal(told, 3);
    writeAll(counter, one);
    watch.cancel();
    watch.cancel();
    const other = pipe();
    writeAll(other.writer, 'x');
    await readable(other.reader);
    assert.equal(told, 3);
  });

  test('tells of what is there already and of the end', async () => {
    const { reader, writer } = pipe();
    writeAll(writer, 'x');
    await readable(reader);
    readSome(reader, 1);
    const end = readable(reader);
    disown(writer);
    await end;
    assert.equal(readSome(reader, 1)?.length, 0);
  });

  test('tells of the death of a process', async () => {
    const pid = launch(['/bin/sleep', '1000']);
    const pidfd = own(openPidfd(pid));
    const dead = readable(pidfd);
    process.kill(pid, 'SIGKILL');
    await dead;
    assert.equal(await exitOf(pid), 137);
  });

  test('whose listener throws does not silence the others', async () => {
    const first = pipe();
    const second = pipe();
    const deferred: (() => void)[] = [];
    const { queueMicrotask } = globalThis;
    globalThis.queueMicrotask = (task) => deferred.push(task);
    const broken = watchReadable(first.reader, () => {
      throw new Error('broken listener');
    });
    writeAll(first.writer, 'x');
    writeAll(second.writer, 'x');
    await readable(second.reader);
    globalThis.queueMicrotask = queueMicrotask;
    broken.cancel();
    assert.throws(() => deferred.forEach((task) => task()), { message: 'broken listener' });
  });

  test('of a plain file is refused', () => {
    const file = own(openFile('/etc/passwd', O_RDONLY));
    assert.throws(() => watchReadable(file, () => undefined), { code: 'EPERM' });
  });
});

test('the thread is one, small, and blocks every signal', async () => {
  const { output } = await shell(
    `grep -l podshim-io /proc/${process.pid}/task/*/comm | xargs -n1 dirname | while read t; do cat $t/status; done`,
  );
  assert.equal(output.match(/^Name:\tpodshim-io$/gm)?.length, 1);
  // All but KILL, STOP and the two that the C library keeps for itself.
  assert.match(output, /^SigBlk:\tfffffffe7ffbfeff$/m);
});

test('nothing of all this is left open', () => {
  assert.equal(fileStatus(workspace.path).type, 'directory');
  const left = readText('/proc/self/mountinfo').includes(workspace.path);
  assert.equal(left, false);
  assert.equal(opened.size, 0);
});

/** A pipe for the output of a child: only our end is non-blocking. */
function makePipeForChild(): { reader: number; writer: number } {
  const [reader, writer] = makePipe();
  setNonBlocking(reader, true);
  return { reader: own(reader), writer: own(writer) };
}

/** A pipe for the input of a child: only our end is non-blocking. */
function makePipeForParent(): { reader: number; writer: number } {
  const [reader, writer] = makePipe();
  setNonBlocking(writer, true);
  return { reader: own(reader), writer: own(writer) };
}

/** Opens a FIFO whose other end is open already, for a child: blocking. */
function openForChild(path: string, flags: number): number {
  return own(openFile(path, flags));
}
