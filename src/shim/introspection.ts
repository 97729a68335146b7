import { platform } from '../platform/runtime.ts';
import { readText } from '../posix/files.ts';
import { listDirectory } from '../posix/paths.ts';
import {
  type DescribedContainer,
  type DescribedMemory,
  type DescribedProcess,
  DescribeResponse,
  DumpRequest,
  DumpResponse,
  EventsRequest,
  FlightEvent,
} from '../proto/introspection.ts';
import type { MessageInput } from '../proto/wire.ts';
import { withoutQuery } from '../stdio/uri.ts';
import type { Container } from '../task/container.ts';
import type { TaskProcess } from '../task/process.ts';
import type { Call, ServerStream } from '../ttrpc/server.ts';
import { decodePayload } from '../ttrpc/service.ts';
import { revision, version } from '../version.ts';
import type { FlightRecorder } from './flightRecorder.ts';
import type { IntrospectionSources } from './introspectionService.ts';

/** A message may have 4 MiB (contract 4.1); the rest of the response needs less than this. */
const longestDumpBytes = 4 * 1024 * 1024 - 64 * 1024;
const bytesPerKibibyte = 1024;

/** Containers, calls in flight but for the one that asks, and facts about the process, all as of now. */
export function describe(sources: IntrospectionSources, asking: Call): Uint8Array {
  const { tasks, reaper, publisher } = sources;
  const now = performance.now();
  return DescribeResponse.encode({
    server: {
      pid: process.pid,
      namespace: sources.namespace,
      id: sources.id,
      version,
      revision,
      runtime: `${platform.name} ${platform.version()}`,
      startedAtMilliseconds: Math.round(Date.now() - now),
      memory: memory(),
      threads: countEntries('/proc/self/task'),
      descriptors: countEntries('/proc/self/fd'),
      eventsWaiting: publisher.waiting,
      commandsRunning: reaper.runningCommands.length,
      processesReaped: reaper.reapedCount,
      socket: sources.socket,
    },
    containers: [...tasks.containers.values()].map(describeContainer),
    calls: [...sources.server().inFlight()]
      .filter((call) => call !== asking)
      .map(({ service, method, receivedAt }) => ({
        service,
        method,
        ageMilliseconds: now - receivedAt,
      })),
  }).finish();
}

function describeContainer(container: Container): MessageInput<DescribedContainer> {
  const { init, execs, bundle, options } = container;
  return {
    init: describeProcess(init, init.pausing ? 'pausing' : init.state),
    bundle: bundle.path,
    execs: [...execs.values()].map((exec) => describeProcess(exec, exec.state)),
    runtime: options.binaryName,
  };
}

function describeProcess(process: TaskProcess, state: string): MessageInput<DescribedProcess> {
  const { id, pid, exit, paths, waiters } = process;
  return {
    id,
    state,
    pid,
    exit: exit === undefined ? undefined : { status: exit.status, atMilliseconds: exit.at },
    stdio: { ...paths, stdout: withoutQuery(paths.stdout), streams: process.describeStdio() },
    waiting: waiters.count,
  };
}

function memory(): MessageInput<DescribedMemory> {
  const text = contentOf('/proc/self/smaps_rollup');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * bytesPerKibibyte;
  return {
    privateDirty: bytes('Private_Dirty'),
    proportional: bytes('Pss'),
    resident: bytes('Rss'),
    heap: process.memoryUsage().heapUsed,
  };
}

function contentOf(path: string): string {
  try {
    return readText(path);
  } catch {
    return '';
  }
}

function countEntries(directory: string): number {
  try {
    return listDirectory(directory).length;
  } catch {
    return 0;
  }
}

/** Writes the dump, and gives as much of it as one message can hold. */
export async function dump(
  sources: IntrospectionSources,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const { reason } = decodePayload(DumpRequest, payload);
  const dumper = await sources.dumper();
  const taken = dumper.take(reason === '' ? 'asked for' : reason);
  const { text, truncated } = fitting(taken.text);
  return DumpResponse.encode({ path: taken.path ?? '', text, truncated }).finish();
}

/** @returns whole lines that together fit into a message */
export function fitting(
  text: string,
  limitBytes: number = longestDumpBytes,
): { readonly text: string; readonly truncated: boolean } {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limitBytes) return { text, truncated: false };
  const newline = 10;
  const end = bytes.lastIndexOf(newline, limitBytes - 1) + 1;
  const note = `(${bytes.length - end} bytes more are in the file)\n`;
  return { text: new TextDecoder().decode(bytes.subarray(0, end)) + note, truncated: true };
}

/** Streams what the flight recorder holds; with `follow` also what comes, until the client is gone. */
export async function events(
  sources: IntrospectionSources,
  stream: ServerStream,
): Promise<undefined> {
  const { recorder } = sources;
  const { follow } = decodePayload(EventsRequest, (await stream.receive()) ?? new Uint8Array(0));
  let next = recorder.oldest;
  for (;;) {
    const last = recorder.newest;
    // What a slow client missed is gone from the ring: its next number tells it so.
    for (next = Math.max(next, recorder.oldest); next <= last; next += 1) {
      const entry = recorder.entry(next);
      if (entry === undefined) continue;
      const event = { ...entry, atMilliseconds: Math.round(entry.at) };
      stream.send(FlightEvent.encode(event).finish());
    }
    await stream.flushed();
    if (stream.call.cancelled || (!follow && next > recorder.newest)) return undefined;
    await newEntry(recorder, next, stream);
  }
}

/** Resolves when there is an entry with this number, or nobody to tell it to. */
function newEntry(recorder: FlightRecorder, next: number, stream: ServerStream): Promise<void> {
  if (recorder.newest >= next || stream.call.cancelled) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      forgetRecord();
      forgetCancel();
      resolve();
    };
    const forgetRecord = recorder.onRecord(end);
    let forgetCancel = (): void => {};
    forgetCancel = stream.call.onCancel(end);
  });
}
