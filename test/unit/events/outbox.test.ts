import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../../../src/events/fifo.ts';
import { Outbox, type OutboxEntry } from '../../../src/events/outbox.ts';
import { isKept, taskEvents } from '../../../src/events/topics.ts';

const TOPICS = Object.values(taskEvents).map(({ topic }) => topic);

/** A step of a random run: publish an event of this many bytes, or take one. */
type Step = { topic: string; bytes: number } | 'take';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ topic: fc.constantFrom(...TOPICS), bytes: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.constant('take' as const) },
);

/** A request that carries its own number, so that the test can tell events apart. */
function request(number: number, bytes: number): Uint8Array {
  const content = new Uint8Array(4 + bytes);
  new DataView(content.buffer).setUint32(0, number);
  return content;
}

function numberOf(entry: OutboxEntry): number {
  return new DataView(entry.request.buffer).getUint32(0);
}

function takeAll(outbox: Outbox): OutboxEntry[] {
  const entries: OutboxEntry[] = [];
  for (let entry = outbox.take(); entry !== undefined; entry = outbox.take()) entries.push(entry);
  return entries;
}

describe('outbox', () => {
  test('keeps the order, loses no exit, oom or delete, and stays within its limits', () => {
    const limits = { droppableEvents: 5, droppableBytes: 150 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const outbox = new Outbox(limits);
        const keptNumbers: number[] = [];
        const taken: OutboxEntry[] = [];
        let published = 0;
        for (const next of steps) {
          if (next === 'take') {
            const entry = outbox.take();
            if (entry !== undefined) taken.push(entry);
            continue;
          }
          if (isKept(next.topic)) keptNumbers.push(published);
          outbox.add(next.topic, request(published, next.bytes));
          published += 1;
          assert.ok(outbox.size - outbox.keptSize <= limits.droppableEvents);
        }
        taken.push(...takeAll(outbox));

        const numbers = taken.map(numberOf);
        assert.deepEqual(
          numbers,
          numbers.toSorted((one, other) => one - other),
        );
        assert.deepEqual(taken.filter((entry) => isKept(entry.topic)).map(numberOf), keptNumbers);
        assert.equal(taken.length + outbox.dropped, published);
        assert.equal(outbox.size, 0);
        assert.equal(outbox.bytes, 0);
      }),
    );
  });

  test('drops the oldest of those that may be dropped', () => {
    const outbox = new Outbox({ droppableEvents: 2, droppableBytes: 1000 });
    outbox.add('/tasks/start', request(0, 0));
    outbox.add('/tasks/exit', request(1, 0));
    outbox.add('/tasks/paused', request(2, 0));
    outbox.add('/tasks/resumed', request(3, 0));
    assert.deepEqual(takeAll(outbox).map(numberOf), [1, 2, 3]);
    assert.equal(outbox.dropped, 1);
  });

  test('an event above the byte limit alone is dropped, an exit of that size is not', () => {
    const outbox = new Outbox({ droppableEvents: 2, droppableBytes: 100 });
    outbox.add('/tasks/create', request(0, 200));
    outbox.add('/tasks/exit', request(1, 200));
    assert.equal(outbox.bytes, 204);
    assert.deepEqual(takeAll(outbox).map(numberOf), [1]);
  });

  test('an event that was taken no longer counts', () => {
    const outbox = new Outbox({ droppableEvents: 1, droppableBytes: 1000 });
    outbox.add('/tasks/start', request(0, 0));
    assert.equal(outbox.take()?.topic, '/tasks/start');
    outbox.add('/tasks/paused', request(1, 0));
    assert.equal(outbox.dropped, 0);
    assert.equal(outbox.peek()?.topic, '/tasks/paused');
  });
});

describe('fifo', () => {
  test('gives back what went in, in order, while it is compacted', () => {
    const queue = new Fifo<number>();
    let added = 0;
    let taken = 0;
    for (let round = 0; round < 5000; round += 1) {
      queue.add(added++);
      queue.add(added++);
      assert.equal(queue.peek(), taken);
      assert.equal(queue.take(), taken++);
    }
    assert.equal(queue.size, added - taken);
    while (queue.size > 0) assert.equal(queue.take(), taken++);
    assert.equal(taken, added);
    assert.equal(queue.take(), undefined);
    assert.equal(queue.peek(), undefined);
  });
});
