import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { O_RDONLY } from '../../../src/posix/constants.ts';
import { createEventCounter } from '../../../src/posix/eventfd.ts';
import { openFile, readSome, writeAll } from '../../../src/posix/files.ts';
import { watchReadable } from '../../../src/posix/poller.ts';
import { openPidfd } from '../../../src/posix/processes.ts';
import { disown, own, pipe, prepare, readable } from './pollerSupport.ts';
import { exitOf, launch, shell } from './support.ts';

prepare();

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
      new Promise((resolve) => {
        next = resolve;
        writeAll(counter, one);
      });
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
    assert.throws(() => deferred[0]?.(), { message: 'broken listener' });
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
