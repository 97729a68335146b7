import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { describe } from 'node:test';
import { O_NONBLOCK, O_RDONLY } from '../../../src/posix/constants.ts';
import { closeFile, openFile, readSome, writeSome } from '../../../src/posix/files.ts';
import { Opened } from '../../../src/stdio/descriptor.ts';
import { FileHandle, InputFifo, OutputFifo, startReaderWait } from '../../../src/stdio/fifo.ts';
import { eventually, stdioTest, TestCancellation, useReaper } from './support.ts';

const text = new TextEncoder().encode('hello');
const openReader = (path: string): number => openFile(path, O_RDONLY | O_NONBLOCK);

describe('FIFOs', () => {
  useReaper();

  stdioTest('an output with a reader opens synchronously and outlives it', async (workspace) => {
    const path = workspace.fifo('out');
    const reader = openReader(path);
    const fifo = OutputFifo.open(new FileHandle(path), 'stdout', startReaderWait(undefined));
    assert.ok(fifo instanceof OutputFifo);
    closeFile(reader);
    assert.equal(writeSome(fifo.descriptor, text), 5);
    const next = openReader(path);
    assert.deepEqual([...(readSome(next, 64) ?? [])], [...text]);
    fifo.close();
    fifo.close();
    assert.equal(readSome(next, 64)?.length, 0);
    closeFile(next);
  });

  stdioTest('an output waits for its reader, also when the path is replaced', async (workspace) => {
    const path = workspace.fifo('out');
    const wait = OutputFifo.open(new FileHandle(path), 'stdout', startReaderWait(undefined));
    assert.ok(wait instanceof Promise);
    renameSync(path, workspace.path('elsewhere'));
    const stranger = openReader(workspace.fifo('out'));
    const reader = openReader(workspace.path('elsewhere'));
    const fifo = await wait;
    writeSome(fifo.descriptor, text);
    assert.deepEqual([...(readSome(reader, 64) ?? [])], [...text]);
    for (const descriptor of [reader, stranger]) closeFile(descriptor);
    fifo.close();
  });

  stdioTest('no reader within the limit', async (workspace) => {
    const path = workspace.fifo('out');
    const wait = startReaderWait(undefined, 50);
    await assert.rejects(async () => OutputFifo.open(new FileHandle(path), 'stderr', wait), {
      message: `opening stderr FIFO ${path}: no reader within 0.05 s`,
    });
  });

  stdioTest('the wait for a reader can be cancelled', async (workspace) => {
    const path = workspace.fifo('out');
    const cancel = new TestCancellation();
    const wait = OutputFifo.open(new FileHandle(path), 'stdout', startReaderWait(cancel));
    assert.ok(wait instanceof Promise);
    const outcome = assert.rejects(wait, { message: 'context canceled: canceled' });
    cancel.cancel(new Error('context canceled: canceled'));
    await outcome;
    assert.equal(cancel.listeners, 0);
    assert.throws(
      () => OutputFifo.open(new FileHandle(path), 'stdout', startReaderWait(cancel)),
      /context canceled/,
    );
  });

  stdioTest('only a FIFO is good enough for stdin', async (workspace) => {
    writeFileSync(workspace.path('file'), '');
    mkdirSync(workspace.path('directory'));
    for (const name of ['file', 'directory']) {
      const path = workspace.path(name);
      assert.throws(() => new InputFifo(path), { message: `file ${path} is not fifo` });
    }
    assert.throws(() => new InputFifo(workspace.path('missing')), { code: 'ENOENT' });
  });

  stdioTest('the keeper keeps stdin from ending until it is released', async (workspace) => {
    const path = workspace.fifo('in');
    const fifo = new InputFifo(path);
    const client = workspace.shell('echo first > in');
    await client.wait();
    assert.equal(readSome(fifo.descriptor, 64)?.length, 6);
    assert.equal(readSome(fifo.descriptor, 64), undefined);
    fifo.releaseKeeper();
    fifo.releaseKeeper();
    assert.equal(readSome(fifo.descriptor, 64)?.length, 0);
    fifo.close();
    fifo.close();
  });

  stdioTest('what was opened is closed in reverse order, once', async () => {
    const closed: string[] = [];
    const opened = new Opened();
    for (const name of ['a', 'b']) opened.add({ close: () => void closed.push(name) });
    opened.close();
    opened.close();
    await eventually('closed', () => closed.length === 2);
    assert.deepEqual(closed, ['b', 'a']);
  });
});
