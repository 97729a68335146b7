import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { taskEvents } from '../../../src/events/topics.ts';
import { silentLogger } from '../../../src/platform/log.ts';
import { KillRequest, StateRequest, TaskExit } from '../../../src/proto/messages.ts';
import {
  recordCalls,
  recordComplaints,
  recordExit,
  recordPublishes,
  recordSpawn,
} from '../../../src/shim/flightHooks.ts';
import { FlightRecorder } from '../../../src/shim/flightRecorder.ts';
import { fitting } from '../../../src/shim/introspection.ts';
import { ExitTracker } from '../../../src/task/exits.ts';
import type { Call, UnaryHandler } from '../../../src/ttrpc/server.ts';
import { notFound } from '../../../src/ttrpc/status.ts';

const capacity = 256;

function texts(recorder: FlightRecorder): string[] {
  const found: string[] = [];
  for (let sequence = recorder.oldest; sequence <= recorder.newest; sequence += 1) {
    const entry = recorder.entry(sequence);
    found.push(`${entry?.kind} ${entry?.text}`);
  }
  return found;
}

describe('the flight recorder', () => {
  test('keeps the last 256 entries and their numbers', () => {
    const recorder = new FlightRecorder();
    assert.equal(recorder.newest, 0);
    assert.equal(recorder.entry(1), undefined);
    for (let index = 1; index <= capacity + 10; index += 1) recorder.record('call', `c${index}`);
    assert.equal(recorder.oldest, 11);
    assert.equal(recorder.newest, capacity + 10);
    assert.equal(recorder.entry(10), undefined);
    assert.equal(recorder.entry(11)?.text, 'c11');
    assert.equal(recorder.entry(recorder.newest)?.text, `c${capacity + 10}`);
    assert.equal(recorder.entry(recorder.newest + 1), undefined);
    const [first, second, ...more] = [...recorder.section.lines()];
    assert.equal(first, 'entries 1 to 10 are gone');
    assert.match(second ?? '', /^\d{4}-\S+Z call {4}c11$/);
    assert.equal(more.length, capacity - 1);
  });

  test('tells time, duration and repetition', () => {
    const recorder = new FlightRecorder();
    const before = Date.now();
    recorder.record('call', 'Create a', 31.24);
    for (let index = 0; index < 1000; index += 1) recorder.recordOften('exit', 'an orphan');
    recorder.record('spawn', 'pid 1 runc');
    recorder.recordOften('exit', 'an orphan');
    assert.equal(recorder.newest, 4);
    assert.ok((recorder.entry(1)?.at ?? 0) >= before - 2);
    assert.equal(recorder.entry(1)?.milliseconds, 31.24);
    assert.equal(recorder.entry(2)?.count, 1000);
    assert.equal(recorder.entry(2)?.milliseconds, undefined);
    assert.match([...recorder.section.lines()].join('\n'), /an orphan \(1000 times in a row\)/);
  });

  test('long texts are cut, listeners are told until they leave', () => {
    const recorder = new FlightRecorder();
    let told = 0;
    const leave = recorder.onRecord(() => {
      told += 1;
    });
    recorder.record('error', 'x'.repeat(10_000));
    assert.ok((recorder.entry(1)?.text.length ?? 0) <= 401);
    leave();
    recorder.record('error', 'y');
    assert.equal(told, 1);
  });
});

describe('what is recorded', () => {
  const call = { receivedAt: performance.now() } as Call;
  const answer = new Uint8Array(0);

  function service(recorder: FlightRecorder, handlers: Record<string, UnaryHandler>) {
    const services = [{ name: 'x', unary: new Map(Object.entries(handlers)) }];
    return recordCalls(services, recorder)[0]?.unary;
  }

  test('calls that change something, with what they are about', async () => {
    const recorder = new FlightRecorder();
    const methods = service(recorder, {
      Kill: () => answer,
      Delete: () => Promise.resolve(answer),
      Start: () => Promise.reject(notFound('container not created')),
      Update: () => {
        throw notFound('nothing');
      },
    });
    const payload = KillRequest.encode({ id: 'a', execId: 'e', signal: 9 }).finish();
    assert.equal(methods?.get('Kill')?.(payload, call), answer);
    assert.equal(await methods?.get('Delete')?.(payload, call), answer);
    await assert.rejects(async () => methods?.get('Start')?.(payload, call));
    assert.throws(() => methods?.get('Update')?.(new Uint8Array([0xff]), call));
    assert.deepEqual(texts(recorder), [
      'call Kill a e',
      'call Delete a e',
      'call Start a e failed: container not created: not found',
      'call Update (unreadable) failed: nothing: not found',
    ]);
    assert.ok((recorder.entry(1)?.milliseconds ?? -1) >= 0);
  });

  test('calls that only look, when they fail', async () => {
    const recorder = new FlightRecorder();
    let failure: Error | undefined;
    const methods = service(recorder, {
      State: () => {
        if (failure !== undefined) throw failure;
        return answer;
      },
      Wait: () => (failure === undefined ? Promise.resolve(answer) : Promise.reject(failure)),
    });
    const payload = StateRequest.encode({ id: 'a' }).finish();
    assert.equal(methods?.get('State')?.(payload, call), answer);
    assert.equal(await methods?.get('Wait')?.(payload, call), answer);
    assert.equal(recorder.newest, 0);
    failure = notFound('x');
    assert.throws(() => methods?.get('State')?.(payload, call));
    await assert.rejects(async () => methods?.get('Wait')?.(payload, call));
    assert.deepEqual(texts(recorder), [
      'call State a failed: x: not found',
      'call Wait a failed: x: not found',
    ]);
  });

  test('events, spawns, exits and complaints', () => {
    const recorder = new FlightRecorder();
    const published: string[] = [];
    const sink = recordPublishes({ publish: (topic) => published.push(topic) }, recorder);
    const exitOf = (id: string) => TaskExit.encode({ containerId: 'a', id, pid: 5 }).finish();
    sink.publish(taskEvents.exit.topic, taskEvents.exit.typeName, exitOf('a'));
    sink.publish(taskEvents.exit.topic, taskEvents.exit.typeName, exitOf('e'));
    assert.equal(published.length, 2);

    const spawned = {
      environment: [],
      directory: undefined,
      descriptors: [],
      killWithParent: true,
      newProcessGroup: true,
      openFiles: undefined,
    };
    recordSpawn(recorder, 7, {
      ...spawned,
      path: '/usr/sbin/runc',
      argv: ['runc', '--root', '/run/x', '--log-format', 'json', 'create', '--bundle', '/b', 'a'],
      told: ['create', '--bundle', '/b', 'a'],
    });
    recordSpawn(recorder, 9, { ...spawned, path: '/bin/logger', argv: ['/bin/logger', 'secret'] });
    const exits = new ExitTracker();
    const exit = { pid: 7, status: 0, at: 0 };
    recordExit(recorder, exits, { ...exit, ofCommand: true });
    recordExit(recorder, exits, { ...exit, ofCommand: false });
    recordExit(recorder, exits, { ...exit, pid: 8, ofCommand: false });

    const logger = recordComplaints(silentLogger, recorder);
    logger.info({}, 'serving');
    logger.error({ error: new Error('no space left') }, 'dump not written');
    logger.warn({}, 'slow');
    assert.deepEqual(texts(recorder), [
      'publish /tasks/exit a',
      'publish /tasks/exit a e',
      'spawn pid 7 runc create a',
      'spawn pid 9 logger',
      'exit pid 7 status 0',
      'exit an orphan',
      'error dump not written: no space left',
      'error slow',
    ]);
    assert.equal(recorder.entry(6)?.count, 2);
  });
});

test('an entry is one line, whatever its text is', () => {
  const recorder = new FlightRecorder();
  recorder.record('error', 'first\n--- containers ---\nnone');
  assert.deepEqual(texts(recorder), ['error first\n--- containers ---\nnone']);
  const lines = [...recorder.section.lines()];
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /error {3}first\\n--- containers ---\\nnone$/);
});

describe('a dump in one message', () => {
  test('is whole, or cut at the end of a line with a note', () => {
    assert.deepEqual(fitting('a\nb\n', 4), { text: 'a\nb\n', truncated: false });
    assert.deepEqual(fitting('aé\nbbbb\ncc\n', 8), {
      text: 'aé\n(8 bytes more are in the file)\n',
      truncated: true,
    });
  });
});
