import type { DescribedContainer, DescribedProcess, FlightEvent } from '../proto/introspection.ts';
import type { OtherShim, Podshim } from './inventory.ts';

/** What `--json` prints. Names and units are a promise: times are ISO 8601, sizes bytes, durations milliseconds. */

export function podshimReport({ process, description }: Podshim): object {
  const { containers } = description;
  return { ...serverReport({ process, description }), containers: containers.map(containerReport) };
}

export function serverReport({ process, description }: Podshim): object {
  const { server, calls } = description;
  const { memory } = server ?? {};
  return {
    pid: process.pid,
    namespace: process.namespace,
    id: process.id,
    version: server?.version ?? '',
    revision: server?.revision ?? '',
    runtime: server?.runtime ?? '',
    socket: server?.socket ?? '',
    startedAt: timeText(server?.startedAtMilliseconds ?? 0n),
    memory: {
      privateDirty: Number(memory?.privateDirty ?? 0n),
      proportional: Number(memory?.proportional ?? 0n),
      resident: Number(memory?.resident ?? 0n),
      heap: Number(memory?.heap ?? 0n),
    },
    threads: server?.threads ?? 0,
    descriptors: server?.descriptors ?? 0,
    eventsWaiting: server?.eventsWaiting ?? 0,
    commandsRunning: server?.commandsRunning ?? 0,
    processesReaped: Number(server?.processesReaped ?? 0n),
    calls: calls.map(({ service, method, ageMilliseconds }) => ({
      service,
      method,
      milliseconds: ageMilliseconds,
    })),
  };
}

export function containerReport(container: DescribedContainer): object {
  const { init, bundle, runtime, execs } = container;
  return {
    ...(init === undefined ? {} : processReport(init)),
    bundle,
    runtime: runtimeName(runtime),
    execs: execs.map(processReport),
  };
}

/** The default runtime is not named in the options (contract 6.2). */
export function runtimeName(name: string): string {
  return name === '' ? 'runc' : name;
}

function processReport({ id, state, pid, exit, stdio, waiting }: DescribedProcess): object {
  return {
    id,
    state,
    pid,
    exit: exit === undefined ? null : { status: exit.status, at: timeText(exit.atMilliseconds) },
    stdio: {
      stdin: stdio?.stdin ?? '',
      stdout: stdio?.stdout ?? '',
      stderr: stdio?.stderr ?? '',
      terminal: stdio?.terminal ?? false,
      streams: stdio?.streams ?? '',
    },
    waiting,
  };
}

export function otherReport({ process, reason }: OtherShim): object {
  const { pid, uid, program, namespace, id } = process;
  return { pid, uid, program, namespace, id, reason };
}

export function eventReport(event: FlightEvent): object {
  return {
    sequence: Number(event.sequence),
    at: timeText(event.atMilliseconds),
    kind: event.kind,
    text: event.text,
    milliseconds: event.milliseconds ?? null,
    count: event.count,
  };
}

export function timeText(milliseconds: bigint): string {
  return new Date(Number(milliseconds)).toISOString();
}
