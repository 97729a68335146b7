import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { taskEvents } from '../../../src/events/topics.ts';
import { neverCancelled } from '../../../src/platform/cancellation.ts';
import { silentLogger } from '../../../src/platform/log.ts';
import {
  CreateTaskRequest,
  DeleteRequest,
  ExecProcessRequest,
  StartRequest,
  TaskCreate,
  TaskDelete,
  TaskExecStarted,
  TaskExit,
  TaskStart,
} from '../../../src/proto/messages.ts';
import { Reaper } from '../../../src/reaper/reaper.ts';
import { ExitTracker } from '../../../src/task/exits.ts';
import { TaskEvents } from '../../../src/task/taskEvents.ts';
import { TaskService } from '../../../src/task/taskService.ts';
import { World } from './simulatedRuntime.ts';

interface Seen {
  readonly kind: 'create' | 'start' | 'exit' | 'delete' | 'other';
  readonly container: string;
  readonly process: string;
  readonly status: number;
  /** Of a create: 0 when the container is to be restored. */
  readonly pid: number;
}

const containers = ['own', 'host'] as const;

/** What one step of a run does; `choice` picks among what is there. */
const stepArbitrary = fc.record({
  action: fc.constantFrom(
    ...(['create', 'createFromCheckpoint', 'start', 'exec', 'delete', 'stranger'] as const),
    ...(['advance', 'advance', 'advance', 'fail', 'kill', 'reap', 'reap'] as const),
  ),
  container: fc.constantFrom(...containers),
  choice: fc.nat(20),
});
const stepsArbitrary = fc.array(stepArbitrary, { minLength: 5, maxLength: 60 });
const firstArbitrary = fc.constantFrom('create', 'createFromCheckpoint');
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Lets every promise chain that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The TaskService over a simulated machine, and what it published. */
class Run {
  readonly seen: Seen[] = [];
  readonly world: World;
  readonly #exits = new ExitTracker((pid) => this.world.isHeld(pid));
  readonly #tasks: TaskService;
  #execs = 0;

  constructor(directory: string) {
    this.world = new World(directory);
    for (const id of containers) this.world.addBundle(id, id === 'own');
    const reaper = new Reaper();
    this.#tasks = new TaskService(
      {
        namespace: 'test',
        reaper,
        exits: this.#exits,
        events: new TaskEvents({ publish: (topic, _type, event) => this.#record(topic, event) }),
        logger: silentLogger,
        helpers: { reaper, environment: [], openFiles: undefined },
        runtimes: undefined,
        openRuntime: () => this.world.runtimeFor(),
      },
      () => {},
    );
  }

  async step({ action, container, choice }: Step): Promise<void> {
    if (action === 'create') this.#create(container);
    else if (action === 'createFromCheckpoint') this.#create(container, '/image');
    else if (action === 'start')
      this.#expectAnyEnd(this.#tasks.start(request(container), neverCancelled));
    else if (action === 'exec') this.#exec(container);
    else if (action === 'delete') this.#delete(container);
    else if (action === 'stranger') this.#crowdedWorldIsNoError(() => this.world.spawnStranger());
    else if (action === 'advance') this.world.advance(choice);
    else if (action === 'fail') this.world.fail(choice);
    else if (action === 'kill') this.world.killSome(choice);
    else this.#reap();
    await settle();
  }

  /** Lets everything in flight end, everybody die, and every container be deleted. */
  async finish(): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      this.world.advance(round);
      this.world.killSome(0);
      this.#reap();
      await settle();
    }
    for (const id of containers) this.#delete(id);
    await settle();
    while (this.world.flightCount > 0) {
      this.world.advance(0);
      this.#reap();
      await settle();
    }
  }

  #create(id: string, checkpoint = ''): void {
    const message = { id, bundle: this.world.bundleOf(id), checkpoint };
    const decoded = CreateTaskRequest.decode(CreateTaskRequest.encode(message).finish());
    this.#expectAnyEnd(this.#tasks.create(decoded, neverCancelled));
  }

  #exec(id: string): void {
    this.#execs += 1;
    const execId = `e${this.#execs}`;
    const spec = { typeUrl: 'json', value: new TextEncoder().encode('{"args":["true"]}') };
    const message = ExecProcessRequest.encode({ id, execId, spec }).finish();
    try {
      this.#tasks.exec(ExecProcessRequest.decode(message));
    } catch {
      return;
    }
    this.#expectAnyEnd(this.#tasks.start(request(id, execId), neverCancelled));
  }

  #delete(id: string): void {
    const message = DeleteRequest.decode(DeleteRequest.encode({ id }).finish());
    this.#expectAnyEnd(this.#tasks.delete(message));
  }

  #reap(): void {
    const exit = this.world.reap();
    if (exit !== undefined) this.#exits.deliver(exit);
  }

  /** Whether a call is refused is another test's matter: here only the events count. */
  #expectAnyEnd(call: Promise<unknown>): void {
    call.catch(() => {});
  }

  #crowdedWorldIsNoError(spawn: () => void): void {
    try {
      spawn();
    } catch {
      // All pids are taken just now.
    }
  }

  #record(topic: string, event: Uint8Array): void {
    this.seen.push(decodeEvent(topic, event));
  }
}

function request(id: string, execId = ''): StartRequest {
  return StartRequest.decode(StartRequest.encode({ id, execId }).finish());
}

function decodeEvent(topic: string, event: Uint8Array): Seen {
  if (topic === taskEvents.exit.topic) {
    const { containerId, id, exitStatus, pid } = TaskExit.decode(event);
    return { kind: 'exit', container: containerId, process: id, status: exitStatus, pid };
  }
  if (topic === taskEvents.execStarted.topic) {
    const { containerId, execId, pid } = TaskExecStarted.decode(event);
    return { kind: 'start', container: containerId, process: execId, status: 0, pid };
  }
  if (topic === taskEvents.create.topic) {
    const { containerId, pid } = TaskCreate.decode(event);
    return { kind: 'create', container: containerId, process: containerId, status: 0, pid };
  }
  // TaskStart and TaskDelete have the container's id and the pid in fields 1 and 2.
  const { containerId, pid } =
    topic === taskEvents.delete.topic ? TaskDelete.decode(event) : TaskStart.decode(event);
  const kind =
    (
      {
        [taskEvents.start.topic]: 'start',
        [taskEvents.delete.topic]: 'delete',
      } as const
    )[topic] ?? 'other';
  return { kind, container: containerId, process: containerId, status: 0, pid };
}

function checkInvariants(run: Run): void {
  const { seen, world } = run;
  const indexOf = (kind: Seen['kind'], container: string, process: string): number[] =>
    seen.flatMap((event, index) =>
      event.kind === kind && event.container === container && event.process === process
        ? [index]
        : [],
    );
  assert.deepEqual(world.violations, []);
  // A container's id may come again after its deletion, so each life is checked for itself.
  for (const container of containers) {
    const creates = indexOf('create', container, container);
    for (const [life, create] of creates.entries()) {
      const next = creates[life + 1] ?? seen.length;
      const ofLife = (kind: Seen['kind']): number[] =>
        indexOf(kind, container, container).filter((at) => at > create && at < next);
      const starts = ofLife('start');
      const exits = ofLife('exit');
      const [deletion] = ofLife('delete');
      // A container from a checkpoint has no process before its start.
      const lived = seen[create]?.pid !== 0 || starts.length > 0;
      assert.equal(exits.length, lived ? 1 : 0, `I3: one TaskExit for each life of ${container}`);
      const [exit = next] = exits;
      for (const start of starts) assert.ok(start < exit, `I1: TaskStart of ${container}`);
      if (deletion !== undefined) {
        if (lived) assert.ok(exit < deletion, `I5: TaskExit before TaskDelete of ${container}`);
        const later = seen.slice(deletion + 1, next).filter((e) => e.container === container);
        assert.deepEqual(later, [], `I5: TaskDelete is the last event of ${container}`);
      }
    }
    const firstCreate = creates[0] ?? seen.length;
    const early = indexOf('exit', container, container).filter((at) => at < firstCreate);
    assert.deepEqual(early, [], `I1: TaskCreate before TaskExit of ${container}`);
  }
  for (const event of seen) {
    const isExec = event.process !== event.container;
    if (event.kind === 'start' && isExec) {
      const [start = -1] = indexOf('start', event.container, event.process);
      const exits = indexOf('exit', event.container, event.process);
      assert.equal(exits.length, 1, `I3: one TaskExit of exec ${event.process}`);
      const [exit = -1] = exits;
      assert.ok(start < exit, `I1: start before exit of exec ${event.process}`);
      const initExit = indexOf('exit', event.container, event.container).find((at) => at > start);
      assert.ok(initExit !== undefined && exit < initExit, `I2: exec ${event.process} before init`);
    }
    if (event.kind === 'exit') {
      if (isExec) {
        assert.equal(
          indexOf('start', event.container, event.process).length,
          1,
          'no exit unstarted',
        );
        const truth = world.statuses.get(`${event.container}/${event.process}`);
        assert.equal(event.status, truth, `a stranger's status for exec ${event.process}`);
      }
    }
  }
}

describe('the order of exits (contract 5.12)', () => {
  const directory = mkdtempSync(`${tmpdir()}/podshim-exits-`);
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('I1 to I5 hold however creates, starts, execs, exits and deletes interleave', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(stepsArbitrary, firstArbitrary, async (steps, first) => {
        const run = new Run(directory);
        // Most random steps find no container: every run starts with some being created.
        await run.step({ action: first, container: 'own', choice: 0 });
        await run.step({ action: 'create', container: 'host', choice: 0 });
        for (const step of steps) await run.step(step);
        await run.finish();
        checkInvariants(run);
      }),
      { numRuns: 200 },
    );
  });
});
