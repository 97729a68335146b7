import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { O_NOCTTY, O_RDONLY, O_RDWR, O_WRONLY } from '../../../src/posix/constants.ts';
import {
  closeFile,
  openFile,
  readSome,
  setNonBlocking,
  writeAll,
  writeSome,
} from '../../../src/posix/files.ts';
import { openTerminal, setWindowSize, windowSize } from '../../../src/posix/terminal.ts';
import {
  disown,
  expectedSum,
  fifo,
  GENERATE,
  MEBIBYTES_64,
  move,
  own,
  pipe,
  prepare,
  rawTerminal,
  receive,
} from './pollerSupport.ts';
import { exitOf, launch, shell } from './support.ts';

const workspace = prepare();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('a terminal', () => {
  test('carries 64 MiB from a terminal to a FIFO, and ends after finish()', async () => {
    const { master, slave } = await rawTerminal();
    const target = fifo(workspace);
    const sum = shell('sha256sum', { descriptors: [own(openFile(target.path, O_RDONLY)), -1, 2] });
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
    const from = fifo(workspace);
    const sum = shell(`head -c ${MEBIBYTES_64} | sha256sum`, { descriptors: [slave, -1, 2] });
    const output = own(openFile(from.path, O_WRONLY));
    const source = exitOf(launch(['/bin/sh', '-c', GENERATE], { descriptors: [-1, output, 2] }));
    disown(output);
    disown(from.writer);
    const { end } = move(from.reader, master);
    assert.deepEqual(await end, { bytes: MEBIBYTES_64, error: undefined });
    assert.equal(await source, 0);
    assert.equal((await sum).output, await expectedSum());
  });

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
