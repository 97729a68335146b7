import { taskEvents } from '../events/topics.ts';
import type { LogFields, Logger } from '../platform/log.ts';
import { reasonOf } from '../platform/reason.ts';
import type { SpawnRequest } from '../posix/processes.ts';
import type { Exit } from '../reaper/exit.ts';
import type { ExitTracker } from '../task/exits.ts';
import type { EventSink } from '../task/taskEvents.ts';
import { ProtobufCursor } from '../ttrpc/protobufCursor.ts';
import type { Call, Service, UnaryHandler } from '../ttrpc/server.ts';
import type { FlightRecorder } from './flightRecorder.ts';

/**
 * Methods that only look, and those that a terminal calls at every turn. They are recorded when they fail: they are
 * called more often than all others together, and each would push out something that matters.
 */
const quietMethods: ReadonlySet<string> = new Set([
  ...['State', 'Pids', 'Stats', 'Connect', 'Wait', 'ResizePty'],
  ...['Ping', 'Platform', 'SandboxStatus', 'SandboxMetrics', 'WaitSandbox'],
]);

/** Methods whose second field is the id of an exec, and events whose second field is that of a process. */
const execMethods: ReadonlySet<string> = new Set([
  ...['State', 'Wait', 'ResizePty'],
  ...['Start', 'Delete', 'Exec', 'Kill', 'CloseIO'],
]);
const execTopics: ReadonlySet<string> = new Set([
  taskEvents.exit.topic,
  taskEvents.execAdded.topic,
  taskEvents.execStarted.topic,
]);

/** Tags of a request's or an event's fields 1 and 2 as strings. */
const firstIdTag = 10;
const secondIdTag = 18;

/** The same services; each call that changes something, and each that fails, is recorded. */
export function recordCalls(
  services: readonly Service[],
  recorder: FlightRecorder,
): readonly Service[] {
  const known = new Map<UnaryHandler, UnaryHandler>();
  const recorded = (method: string, handler: UnaryHandler): UnaryHandler => {
    const wrapped =
      known.get(handler) ??
      (quietMethods.has(method)
        ? recordFailures(method, handler, recorder)
        : recordAlways(method, handler, recorder));
    known.set(handler, wrapped);
    return wrapped;
  };
  return services.map((service) => ({
    ...service,
    unary: new Map(
      [...service.unary].map(([method, handler]) => [method, recorded(method, handler)]),
    ),
  }));
}

function recordFailures(
  method: string,
  handler: UnaryHandler,
  recorder: FlightRecorder,
): UnaryHandler {
  const withExec = execMethods.has(method);
  return (payload, call) => {
    try {
      const answer = handler(payload, call);
      if (answer instanceof Uint8Array) return answer;
      return answer.catch((error: unknown) => {
        recordFailure(recorder, method, subjectOf(payload, withExec), call, error);
        throw error;
      });
    } catch (error) {
      recordFailure(recorder, method, subjectOf(payload, withExec), call, error);
      throw error;
    }
  };
}

function recordAlways(
  method: string,
  handler: UnaryHandler,
  recorder: FlightRecorder,
): UnaryHandler {
  const withExec = execMethods.has(method);
  return (payload, call) => {
    const subject = subjectOf(payload, withExec);
    const done = (answer: Uint8Array): Uint8Array => {
      recorder.record('call', `${method} ${subject}`, performance.now() - call.receivedAt);
      return answer;
    };
    try {
      const answer = handler(payload, call);
      if (answer instanceof Uint8Array) return done(answer);
      return answer.then(done, (error: unknown) => {
        recordFailure(recorder, method, subject, call, error);
        throw error;
      });
    } catch (error) {
      recordFailure(recorder, method, subject, call, error);
      throw error;
    }
  };
}

function recordFailure(
  recorder: FlightRecorder,
  method: string,
  subject: string,
  call: Call,
  error: unknown,
): void {
  const text = `${method} ${subject} failed: ${reasonOf(error)}`;
  recorder.record('call', text, performance.now() - call.receivedAt);
}

/** The same sink; what goes through it is recorded. */
export function recordPublishes(sink: EventSink, recorder: FlightRecorder): EventSink {
  return {
    publish(topic, typeName, event) {
      recorder.record('publish', `${topic} ${subjectOf(event, execTopics.has(topic))}`);
      sink.publish(topic, typeName, event);
    },
  };
}

/** The same logger; warnings and errors are recorded. */
export function recordComplaints(logger: Logger, recorder: FlightRecorder): Logger {
  const complain = (fields: LogFields, message: string): void => {
    const { error } = fields;
    recorder.recordOften('error', error === undefined ? message : `${message}: ${reasonOf(error)}`);
  };
  return {
    trace: (fields, message) => logger.trace(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn(fields, message) {
      complain(fields, message);
      logger.warn(fields, message);
    },
    error(fields, message) {
      complain(fields, message);
      logger.error(fields, message);
    },
  };
}

/** Records a command that was started for the shim itself. Options and paths say little and are left out. */
export function recordSpawn(recorder: FlightRecorder, pid: number, request: SpawnRequest): void {
  const { argv, path, told = [] } = request;
  const [name = path] = argv;
  const said = told.filter((word) => !word.startsWith('-') && !word.startsWith('/'));
  recorder.record('spawn', [`pid ${pid}`, baseName(name), ...said].join(' '));
}

/** Records an exit. Of orphans that the shim adopted there may be thousands in a row: these are counted. */
export function recordExit(recorder: FlightRecorder, exits: ExitTracker, exit: Exit): void {
  if (exit.ofCommand || exits.isAwaited(exit.pid) || exits.collectorCount > 0) {
    recorder.record('exit', `pid ${exit.pid} status ${exit.status}`);
  } else {
    recorder.recordOften('exit', 'an orphan');
  }
}

const cursor = new ProtobufCursor();

/** `container`, or `container process` where there is another process than its init. */
function subjectOf(message: Uint8Array, withProcess: boolean): string {
  cursor.reset(message, 0, message.length);
  let container = '';
  let process = '';
  try {
    while (!cursor.atEnd) {
      const tag = cursor.tag();
      if (tag === firstIdTag) container = cursor.text();
      else if (tag === secondIdTag && withProcess) process = cursor.text();
      else cursor.skip(tag);
      if (tag >= secondIdTag) break;
    }
  } catch {
    return '(unreadable)';
  } finally {
    cursor.release();
  }
  return process === '' || process === container ? container : `${container} ${process}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
