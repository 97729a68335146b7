import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { O_APPEND, O_CREAT, O_RDONLY, O_WRONLY } from '../../../src/posix/constants.ts';
import {
  openFile,
  readSome,
  setNonBlocking,
  writeAll,
  writeSome,
} from '../../../src/posix/files.ts';
import { type Movement, startMovement, watchReadable } from '../../../src/posix/poller.ts';
import {
  disown,
  expectedSum,
  fifo,
  GENERATE,
  MEBIBYTES_64,
  move,
  own,
  pipe,
  pipeWithChild,
  prepare,
  readable,
  receive,
} from './pollerSupport.ts';
import { exitOf, launch, shell } from './support.ts';

const workspace = prepare();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('a movement', () => {
  test('carries 64 MiB from a pipe to a FIFO and ends with the pipe', async () => {
    const { reader, writer } = pipeWithChild();
    setNonBlocking(reader, true);
    const target = fifo(workspace);
    const sum = shell('sha256sum', { descriptors: [own(openFile(target.path, O_RDONLY)), -1, 2] });
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
    const target = pipeWithChild();
    setNonBlocking(target.writer, true);
    const from = fifo(workspace);
    const sum = shell('sha256sum', { descriptors: [target.reader, -1, 2] });
    disown(target.reader);
    const output = own(openFile(from.path, O_WRONLY));
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, output, 2] }));
    disown(output);
    disown(from.writer);
    const { end } = move(from.reader, target.writer);
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    disown(target.writer);
    assert.equal(await source, 0);
    assert.equal((await sum).output, await expectedSum());
  });

  test('carries 64 MiB from a pipe to the end of a file', async () => {
    const { reader, writer } = pipeWithChild();
    setNonBlocking(reader, true);
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
    const movements: Movement[] = [];
    await new Promise<void>((resolve) => {
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
    });
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
