import type { Publisher } from '../events/publisher.ts';
import type { Reaper } from '../reaper/reaper.ts';
import type { Container } from '../task/container.ts';
import type { ExitTracker } from '../task/exits.ts';
import type { TaskProcess } from '../task/process.ts';
import type { TaskService } from '../task/taskService.ts';
import type { Server } from '../ttrpc/server.ts';
import type { DumpSection } from './dump.ts';

export interface DumpSources {
  readonly tasks: TaskService;
  readonly server: Server;
  readonly reaper: Reaper;
  readonly exits: ExitTracker;
  readonly publisher: Publisher;
}

/** What each room of the server has to tell in a dump. */
export function dumpSections(sources: DumpSources): readonly DumpSection[] {
  const { tasks, server, reaper, exits, publisher } = sources;
  return [
    { title: 'containers', lines: () => containerLines(tasks) },
    { title: 'calls in flight', lines: () => callLines(server) },
    { title: 'events', lines: () => publisher.describe() },
    {
      title: 'reaper',
      *lines() {
        yield `reaped ${reaper.reapedCount} processes`;
        yield `commands running: ${reaper.runningCommands.join(' ') || 'none'}`;
        yield `exits awaited of pids: ${exits.runningPids.join(' ') || 'none'}`;
        yield `starts in flight: ${exits.collectorCount}`;
      },
    },
  ];
}

function* containerLines(tasks: TaskService): Generator<string> {
  if (tasks.containers.size === 0) yield 'none';
  for (const container of tasks.containers.values()) {
    const { init } = container;
    yield `${container.id} ${init.pausing ? 'pausing' : init.state} ${processText(init)}, bundle ${container.bundle.path}`;
    yield `  ${exitText(container)}, direct path: ${container.direct?.describe() ?? 'off'}`;
    yield `  ${init.describeStdio()}`;
    for (const exec of container.execs.values()) {
      yield `  exec ${exec.id} ${exec.state} ${processText(exec)}`;
      yield `    ${exec.describeStdio()}`;
    }
  }
}

function processText(process: TaskProcess): string {
  const { exit } = process;
  const end =
    exit === undefined ? '' : `, exit status ${exit.status} at ${new Date(exit.at).toISOString()}`;
  return `pid ${process.pid}${end}, ${process.waiters.count} waiting`;
}

function exitText(container: Container): string {
  const { holds, initExit } = container.exits;
  return initExit === undefined ? `init alive, ${holds} holds` : `init dead, ${holds} holds`;
}

function* callLines(server: Server): Generator<string> {
  const now = performance.now();
  let none = true;
  for (const call of server.inFlight()) {
    none = false;
    yield `${call.service}/${call.method} for ${Math.round(now - call.receivedAt)} ms`;
  }
  if (none) yield 'none';
}
