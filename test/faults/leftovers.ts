import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mountsBelow } from '../support/mounts.ts';
import { readProcess } from '../support/processes.ts';
import { waitUntil } from '../support/waiting.ts';

const LIMIT_MILLISECONDS = 10_000;

/** Where something may be left. All of it can be told from what other people have. */
export interface Ground {
  /** A text that is in the arguments, the environment, the cgroup or the working directory of every process in question. */
  readonly mark: string;
  /** No mount may be left at or below it. */
  readonly directory: string;
  /** Mounts and processes that are no leftovers. */
  readonly ownMounts: readonly string[];
  readonly ownProcesses: readonly number[];
  /** Files and directories that must be gone: sockets, bundles, states. */
  readonly gone: readonly string[];
  /** Directories that must be empty, or gone. */
  readonly empty: readonly string[];
  /** The cgroups that are there. */
  cgroups(): readonly string[];
}

/** What is left though everything was deleted, in words; empty when all is well. Waits for what is on its way out. */
export async function leftoversOf(ground: Ground): Promise<string[]> {
  try {
    await waitUntil('nothing is left', () => look(ground).length === 0, LIMIT_MILLISECONDS);
    return [];
  } catch {
    return look(ground);
  }
}

function look(ground: Ground): string[] {
  const { mark, directory, ownMounts, ownProcesses, gone, empty } = ground;
  return [
    ...processesOf(mark)
      .filter((pid) => !ownProcesses.includes(pid))
      .map((pid) => `process ${pid}: ${readProcess(pid)?.argv.join(' ') ?? ''}`),
    ...mountsBelow(directory)
      .filter((path) => !ownMounts.includes(path))
      .map((path) => `mount ${path}`),
    ...ground.cgroups().map((path) => `cgroup ${path}`),
    ...gone.filter((path) => existsSync(path)).map((path) => `file ${path}`),
    ...empty.filter((path) => existsSync(path)).flatMap(filesIn),
  ];
}

function filesIn(path: string): string[] {
  return readdirSync(path).map((name) => `file ${path}/${name}`);
}

/** The processes that bear a mark, but for this one and its children, which are the trial's own, and for zombies. */
export function processesOf(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && bears(pid, mark))
    .filter((pid) => {
      const info = readProcess(pid);
      return info !== undefined && info.state !== 'Z' && info.parent !== process.pid;
    });
}

function bears(pid: number, mark: string): boolean {
  const files = ['cmdline', 'environ', 'cgroup'];
  const reads = files.map((name) => () => readFileSync(`/proc/${pid}/${name}`, 'latin1'));
  return [...reads, () => readlinkSync(`/proc/${pid}/cwd`)].some((read) => {
    try {
      return read().includes(mark);
    } catch {
      return false;
    }
  });
}
