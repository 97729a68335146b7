import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LogSink } from '../../../src/shim/logSink.ts';

/** Reads what a FIFO holds now and closes it again, like a daemon that comes and goes. */
function readNow(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = Buffer.alloc(65536);
      const length = readSync(descriptor, chunk);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
  } finally {
    closeSync(descriptor);
  }
  return Buffer.concat(chunks).toString();
}

function numberedLine(number: number): string {
  return `line ${String(number).padStart(6, '0')} ${'x'.repeat(87)}\n`;
}

describe('log sink', () => {
  let directory: string;
  let path: string;
  let sink: LogSink;

  function open(at = path): LogSink {
    sink = new LogSink({ path: at, notice: (dropped) => `dropped ${dropped}\n` });
    return sink;
  }

  /** Writes until a line is dropped. @returns how many were taken. */
  function fill(): number {
    let number = 0;
    while (sink.write(numberedLine(number))) number += 1;
    return number;
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-log-'));
    path = join(directory, 'log');
    execFileSync('mkfifo', ['-m', '700', path]);
  });

  afterEach(() => {
    sink.close();
    rmSync(directory, { recursive: true });
  });

  test('without a reader lines wait in the FIFO', () => {
    open();
    assert.ok(sink.write('one\n'));
    assert.ok(sink.write('two\n'));
    assert.equal(readNow(path), 'one\ntwo\n');
  });

  test('a reader that goes and comes back misses nothing', () => {
    open();
    sink.write('one\n');
    assert.equal(readNow(path), 'one\n');
    sink.write('two\n');
    assert.equal(readNow(path), 'two\n');
    assert.equal(sink.dropped, 0);
  });

  test('with a stalled reader whole lines are dropped, and it says how many', () => {
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      open();
      const taken = fill();
      assert.ok(taken > 600 && taken * 100 <= 65536);
      for (let more = 0; more < 41; more += 1) sink.write(numberedLine(more));
      assert.equal(sink.dropped, 42);
      assert.equal(sink.written, taken);

      const first = readNow(path).split('\n');
      assert.equal(first.pop(), '');
      assert.deepEqual(
        first,
        Array.from({ length: taken }, (_, number) => numberedLine(number).trimEnd()),
      );
      assert.ok(sink.write('back\n'));
      assert.ok(sink.write('again\n'));
      assert.equal(readNow(path), 'dropped 42\nback\nagain\n');
      assert.equal(sink.dropped, 42);
    } finally {
      closeSync(reader);
    }
  });

  test('a line longer than the room keeps its end for later, ahead of all others', () => {
    open();
    const long = `${'a'.repeat(100_000)}\n`;
    assert.ok(sink.write(long));
    assert.equal(sink.write('lost\n'), false);
    const beginning = readNow(path);
    assert.ok(sink.write('next\n'));
    assert.equal(beginning + readNow(path), `${long}dropped 1\nnext\n`);
  });

  test('a missing FIFO and something else in its place only count', () => {
    open(join(directory, 'missing'));
    assert.equal(sink.isOpen, false);
    assert.equal(sink.write('a\n'), false);
    assert.equal(sink.dropped, 1);

    const file = join(directory, 'file');
    writeFileSync(file, '');
    open(file);
    assert.equal(sink.isOpen, false);
    assert.equal(sink.write('a\n'), false);
    assert.equal(readFileSync(file, 'utf8'), '');
    sink.takeOverStandardError();

    const link = join(directory, 'link');
    symlinkSync(path, link);
    open(link);
    assert.equal(sink.isOpen, false);
  });

  test('after close lines are counted', () => {
    open();
    sink.close();
    sink.close();
    assert.equal(sink.write('a\n'), false);
    assert.equal(sink.dropped, 1);
  });
});
