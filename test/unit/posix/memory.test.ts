import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dropCleanPages } from '../../../src/posix/memory.ts';

/** KiB resident that are not anonymous. */
function fileBacked(): number {
  const text = readFileSync('/proc/self/status', 'utf8');
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(text)?.[1]);
}

test('clean pages go back to the kernel, and come again when they are used', () => {
  const before = fileBacked();
  const dropped = dropCleanPages();
  assert.ok(dropped > 1024, `${dropped} KiB dropped`);
  assert.ok(fileBacked() < before);
  // Code of all kinds runs on: regular expressions, JSON, numbers, sorting.
  const text = JSON.stringify(
    Array.from({ length: 100 }, (_, index) => ({ index, half: index / 2 })),
  );
  assert.equal((JSON.parse(text) as unknown[]).length, 100);
  assert.equal(text.replace(/\d+/g, '0').includes('"half":0.0'), true);
  assert.ok(dropCleanPages() > 0);
});

/** KiB resident of the main thread's stack. */
function stackSize(): number {
  const text = readFileSync('/proc/self/smaps', 'utf8');
  return Number(/\[stack\]\n(?:.*\n)*?Rss:\s+(\d+) kB/.exec(text)?.[1]);
}

const depthOf = (level: number): number => (level === 0 ? 0 : 1 + depthOf(level - 1));

test('the stack that deep calls have used goes back to the kernel, and can be used again', () => {
  assert.equal(depthOf(5000), 5000);
  const before = stackSize();
  dropCleanPages();
  assert.ok(stackSize() < before / 2, `${before} KiB before, ${stackSize()} KiB after`);
  assert.equal(depthOf(5000), 5000);
});
