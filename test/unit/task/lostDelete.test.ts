import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { taskEvents } from '../../../src/events/topics.ts';
import {
  type Cancellation,
  CancellationSource,
  neverCancelled,
} from '../../../src/platform/cancellation.ts';
import { silentLogger } from '../../../src/platform/log.ts';
import { CreateTaskRequest, DeleteRequest, StateRequest } from '../../../src/proto/messages.ts';
import { Reaper } from '../../../src/reaper/reaper.ts';
import type { ContainerRuntime } from '../../../src/task/context.ts';
import { ExitTracker } from '../../../src/task/exits.ts';
import { lostDeleteMilliseconds } from '../../../src/task/limits.ts';
import { Status } from '../../../src/task/status.ts';
import { TaskEvents } from '../../../src/task/taskEvents.ts';
import { TaskService } from '../../../src/task/taskService.ts';
import { Code, canceled, deadlineExceeded } from '../../../src/ttrpc/status.ts';
import { World } from './simulatedRuntime.ts';

const id = 'own';
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a Delete whose caller goes', () => {
  let directory: string;
  let world: World;
  let tasks: TaskService;
  let topics: string[];
  let deletion: ContainerRuntime['delete'];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-lost-'));
    world = new World(directory);
    world.addBundle(id, true);
    topics = [];
    deletion = world.runtimeFor().delete;
    const exits = new ExitTracker((pid) => world.isHeld(pid));
    const reaper = new Reaper();
    tasks = new TaskService(
      {
        namespace: 'test',
        reaper,
        exits,
        events: new TaskEvents({ publish: (topic) => topics.push(topic) }),
        logger: silentLogger,
        helpers: { reaper, environment: [], openFiles: undefined },
        runtimes: undefined,
        openRuntime: () => ({ ...world.runtimeFor(), delete: (...words) => deletion(...words) }),
      },
      () => {},
    );
    const request = CreateTaskRequest.encode({ id, bundle: world.bundleOf(id) }).finish();
    const created = tasks.create(CreateTaskRequest.decode(request), neverCancelled);
    await runtimeIsCalled();
    world.advance(0);
    world.advance(0);
    await created;
    world.killSome(0);
    const exit = world.reap();
    assert.ok(exit);
    exits.deliver(exit);
    assert.equal(topics.at(-1), taskEvents.exit.topic);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function runtimeIsCalled(): Promise<void> {
    while (world.flightCount === 0) await nextTurn();
  }

  /** Calls Delete, and brings it to where the runtime has only to return. */
  async function deleteUntilReturn(
    call?: CancellationSource,
  ): Promise<{ readonly answer: Promise<unknown> }> {
    const request = DeleteRequest.decode(DeleteRequest.encode({ id }).finish());
    const answer = tasks.delete(request, call);
    await runtimeIsCalled();
    world.advance(0);
    return { answer };
  }

  const state = () => tasks.state(StateRequest.decode(StateRequest.encode({ id }).finish()));

  for (const order of ['the runtime first', 'the connection first']) {
    test(`in the turn in which the runtime ends is remembered: ${order}`, async () => {
      const call = new CancellationSource();
      const { answer } = await deleteUntilReturn(call);
      const events = [() => world.advance(0), () => call.cancel(canceled())];
      // Two callbacks of one turn, with what each of them settles in between.
      for (const event of order === 'the runtime first' ? events : events.reverse()) {
        setImmediate(event);
      }
      await answer;
      assert.equal(state().status, Status.Stopped);
      assert.ok(!topics.includes(taskEvents.delete.topic));

      const again = await deleteUntilReturn();
      world.advance(0);
      await again.answer;
      assert.equal(topics.at(-1), taskEvents.delete.topic);
      assert.throws(state, { code: Code.NotFound });
    });
  }

  for (const reason of [canceled(), deadlineExceeded()]) {
    test(`does not wait for ever for a runtime that hangs: ${reason.message}`, async () => {
      const call = new CancellationSource();
      let patience: Cancellation | undefined;
      const hangs = new Promise<void>((resolve) => {
        deletion = (_id, _force, cancel) => {
          patience = cancel;
          resolve();
          return new Promise((_, reject) => cancel?.onCancel(reject));
        };
      });
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const request = DeleteRequest.decode(DeleteRequest.encode({ id }).finish());
        const refused = assert.rejects(tasks.delete(request, call), reason);
        await hangs;
        assert.ok(patience);
        call.cancel(reason);
        mock.timers.tick(lostDeleteMilliseconds);
        await refused;
      } finally {
        mock.timers.reset();
      }
      assert.equal(state().status, Status.Stopped);

      deletion = world.runtimeFor().delete;
      const again = await deleteUntilReturn();
      world.advance(0);
      await again.answer;
      assert.equal(topics.at(-1), taskEvents.delete.topic);
    });
  }
});
