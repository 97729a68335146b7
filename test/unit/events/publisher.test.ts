import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { Publisher, type PublisherTiming } from '../../../src/events/publisher.ts';
import { taskEvents } from '../../../src/events/topics.ts';
import { type LogFields, type Logger, silentLogger } from '../../../src/platform/log.ts';
import { Code } from '../../../src/ttrpc/status.ts';
import { type Behaviour, type ReceivedEvent, TestDaemon } from './testDaemon.ts';

const QUICK: PublisherTiming = {
  dialMilliseconds: 5000,
  callMilliseconds: 5000,
  longestCallMilliseconds: 5000,
  firstRetryMilliseconds: 1,
  longestRetryMilliseconds: 10,
};
const LONG_ENOUGH = 30_000;

interface LogEntry {
  level: string;
  message: string;
  fields: LogFields;
}

class RecordingLogger implements Logger {
  readonly entries: LogEntry[] = [];
  readonly trace = this.#at('trace');
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  #at(level: string) {
    return (fields: LogFields, message: string): void => {
      this.entries.push({ level, message, fields });
    };
  }
}

function numbered(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff);
}

function numbersOf(events: readonly ReceivedEvent[]): number[] {
  return events.map(({ value }) => ((value[0] ?? 0) << 8) | (value[1] ?? 0));
}

function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

describe('publisher', () => {
  let daemon: TestDaemon;
  let publisher: Publisher;
  let logger: RecordingLogger;

  function create(timing: Partial<PublisherTiming> = {}, address = daemon.path): Publisher {
    publisher = new Publisher({
      address,
      namespace: 'k8s.io',
      logger,
      timing: { ...QUICK, ...timing },
    });
    return publisher;
  }

  function publishExits(count: number, from = 0): void {
    const { topic, typeName } = taskEvents.exit;
    for (const number of range(count, from)) publisher.publish(topic, typeName, numbered(number));
  }

  beforeEach(() => {
    daemon = new TestDaemon();
    logger = new RecordingLogger();
  });

  afterEach(async () => {
    publisher.close();
    await daemon.remove();
  });

  test('forwards an event with its envelope', async () => {
    daemon.start();
    create();
    const before = Math.floor(Date.now() / 1000);
    publisher.publish('/tasks/oom', 'containerd.events.TaskOOM', numbered(7));
    assert.ok(await publisher.drain(LONG_ENOUGH));
    const [event] = daemon.accepted;
    assert.ok(event);
    assert.equal(event.topic, '/tasks/oom');
    assert.equal(event.typeUrl, 'containerd.events.TaskOOM');
    assert.equal(event.namespace, 'k8s.io');
    assert.ok(event.seconds >= before && event.seconds <= Date.now() / 1000);
    assert.deepEqual(numbersOf([event]), [7]);
    assert.deepEqual(logger.entries, []);
  });

  test('keeps the order of many', async () => {
    daemon.start();
    create();
    publishExits(500);
    assert.equal(publisher.waiting, 500);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), range(500));
  });

  test('waits for a daemon that is not there, with one line on loss and one on recovery', async () => {
    create();
    publishExits(20);
    assert.equal(await publisher.drain(50), false);
    daemon.start();
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), range(20));
    const [loss, recovery] = logger.entries;
    assert.equal(logger.entries.length, 2);
    assert.equal(loss?.level, 'warn');
    assert.ok(loss?.fields.error instanceof Error);
    assert.equal(recovery?.level, 'info');
    assert.equal(recovery?.fields.waited, 20);
  });

  test('a daemon that was killed and is started again gets the rest, without duplicates', async () => {
    daemon.start();
    create();
    publishExits(10);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    await daemon.kill();
    publishExits(10, 10);
    assert.equal(await publisher.drain(50), false);
    daemon.start();
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), range(20));
    assert.equal(logger.entries.length, 2);
  });

  test('an idle connection that closed is replaced in silence', async () => {
    daemon.start();
    create();
    publishExits(1);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    daemon.breakConnections();
    publishExits(1, 1);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0, 1]);
    assert.deepEqual(logger.entries, []);
  });

  test('sends again at once what a broken connection left unanswered: the one case of a duplicate', async () => {
    daemon.behaviour = () => (daemon.calls === 3 ? 'breakAfter' : 'accept');
    daemon.start();
    create();
    publishExits(5);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0, 1, 2, 2, 3, 4]);
    assert.deepEqual(logger.entries, []);
  });

  test('an event that the daemon refuses is dropped and logged, and the others pass', async () => {
    daemon.behaviour = (event) =>
      numbersOf([event])[0] === 2 ? { code: Code.InvalidArgument } : 'accept';
    daemon.start();
    create();
    publishExits(5);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0, 1, 3, 4]);
    assert.equal(daemon.calls, 5);
    assert.deepEqual(
      logger.entries.map(({ level, fields }) => [level, fields.topic]),
      [['error', '/tasks/exit']],
    );
  });

  test('an answer that may pass is retried, but not for ever', async () => {
    daemon.behaviour = (event) => (numbersOf([event])[0] === 1 ? { code: Code.Unknown } : 'accept');
    daemon.start();
    create();
    publishExits(3);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0, 2]);
    assert.equal(daemon.calls, 12);
  });

  test('unavailable is retried for as long as it takes', async () => {
    daemon.behaviour = () => (daemon.calls <= 30 ? { code: Code.Unavailable } : 'accept');
    daemon.start();
    create();
    publishExits(2);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0, 1]);
  });

  test('a daemon that stalls costs one call limit, on a new connection it goes on', async () => {
    daemon.behaviour = () => (daemon.calls === 2 ? 'stall' : 'accept');
    daemon.start();
    create({ callMilliseconds: 50 });
    publishExits(4);
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), range(4));
  });

  test('a daemon that stalls for long is asked less and less often', async () => {
    daemon.behaviour = () => 'stall';
    daemon.start();
    create({ callMilliseconds: 10, longestCallMilliseconds: 600_000 });
    publishExits(1);
    // With limits of 10, 20, 40 ms and so on, 400 ms have room for six calls, and 20 s for twelve.
    assert.equal(await publisher.drain(400), false);
    assert.ok(daemon.calls <= 12, `${daemon.calls} calls`);
    daemon.behaviour = () => 'accept';
    daemon.breakConnections();
    assert.ok(await publisher.drain(LONG_ENOUGH));
    assert.deepEqual(numbersOf(daemon.accepted), [0]);
    assert.equal(logger.entries.length, 2);
  });

  test('a sign of life from the daemon ends the wait', async () => {
    create({ firstRetryMilliseconds: 600_000, longestRetryMilliseconds: 600_000 });
    publishExits(1);
    // The first dial has failed once the loss is logged.
    while (logger.entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    daemon.start();
    publisher.retrySoon();
    await daemon.called(1);
    assert.ok(await publisher.drain(LONG_ENOUGH));
  });

  test('drain is true at once with nothing to send, and false once closed', async () => {
    create();
    assert.ok(await publisher.drain(0));
    publishExits(1);
    const drained = publisher.drain(LONG_ENOUGH);
    publisher.close();
    assert.equal(await drained, false);
    publishExits(1, 1);
    assert.equal(publisher.waiting, 1);
  });

  test('without an address nothing is kept', async () => {
    create({}, '');
    publishExits(1);
    assert.equal(publisher.waiting, 0);
    assert.equal(logger.entries.length, 1);
  });

  test('describes itself', async () => {
    create({ firstRetryMilliseconds: 600_000, longestRetryMilliseconds: 600_000 });
    publishExits(3);
    const lines = [...publisher.describe()];
    assert.match(lines[0] ?? '', /^connecting to \//);
    assert.match(lines[1] ?? '', /^queued 2, of these 2 kept, \d+ bytes$/);
    assert.equal(lines[2], 'delivered 0, rejected 0, dropped 0');
    assert.match(lines[3] ?? '', /^sending \/tasks\/exit, published \d+ ms ago$/);
  });
});

/** Each stall costs a whole call limit: the first of a script stays, the others become answers. */
function withOneStall<T>(script: readonly (T | 'stall')[]): (T | 'stall' | 'accept')[] {
  const first = script.indexOf('stall');
  return script.map((each, index) => (each === 'stall' && index !== first ? 'accept' : each));
}

describe('publisher, whatever the daemon does', () => {
  const behaviour: fc.Arbitrary<Behaviour | 'restart'> = fc.oneof(
    { weight: 4, arbitrary: fc.constant<Behaviour>('accept') },
    fc.constantFrom<Behaviour | 'restart'>(
      'breakBefore',
      'breakAfter',
      'stall',
      'restart',
      { code: Code.InvalidArgument },
      { code: Code.Unavailable },
      { code: Code.Internal },
    ),
  );

  test('every event arrives in order, again only where its connection broke', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 30 }).map(withOneStall),
        fc.array(fc.constantFrom(...Object.values(taskEvents)), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (script, events, presentAtFirst) => {
          const daemon = new TestDaemon();
          const refused = new Set<number>();
          const repeatable = new Set<number>();
          const restarts: Promise<void>[] = [];
          daemon.behaviour = (event) => {
            const [number = -1] = numbersOf([event]);
            const next = script[daemon.calls - 1] ?? 'accept';
            if (next === 'restart') {
              restarts.push(daemon.kill().then(() => daemon.start()));
              return 'breakBefore';
            }
            if (next === 'breakAfter') repeatable.add(number);
            if (typeof next === 'object' && next.code === Code.InvalidArgument) refused.add(number);
            return next;
          };
          if (presentAtFirst) daemon.start();
          const publisher = new Publisher({
            address: daemon.path,
            namespace: 'default',
            logger: silentLogger,
            // A call that takes longer is sent again, which only a stalled daemon may cause here.
            timing: { ...QUICK, callMilliseconds: 500 },
          });
          try {
            events.forEach(({ topic, typeName }, number) => {
              publisher.publish(topic, typeName, numbered(number));
            });
            if (!presentAtFirst) daemon.start();
            assert.ok(await publisher.drain(LONG_ENOUGH));
            const numbers = numbersOf(daemon.accepted);
            const expected = range(events.length).filter(
              (number) => !refused.has(number) || numbers.includes(number),
            );
            assert.deepEqual([...new Set(numbers)], expected);
            assert.deepEqual(
              numbers,
              numbers.toSorted((one, other) => one - other),
            );
            for (const number of new Set(numbers)) {
              const times = numbers.filter((other) => other === number).length;
              assert.ok(times === 1 || repeatable.has(number), `${number} came ${times} times`);
            }
          } finally {
            publisher.close();
            await Promise.all(restarts);
            await daemon.remove();
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
