import { readdirSync, readFileSync } from 'node:fs';
import { waitUntil } from './waiting.ts';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** R, S, D, Z, … as in /proc/<pid>/stat. */
  readonly state: string;
  readonly name: string;
  readonly argv: readonly string[];
}

/** Every process of the machine, as /proc shows it now. */
export function listProcesses(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== undefined);
}

/** One process, or undefined when there is none with this pid. A zombie is there. */
export function readProcess(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '');
    const argv = text === '' ? [] : text.split('\0');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const [state = '?', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state, name, argv };
  } catch {
    return undefined;
  }
}

/** True while the process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  const process = readProcess(pid);
  return process !== undefined && process.state !== 'Z';
}

export async function waitForEnd(pid: number, limitMilliseconds?: number): Promise<void> {
  await waitUntil(`process ${pid} ends`, () => !isRunning(pid), limitMilliseconds);
}

/** A process and everything below it, in the order of a depth-first walk. */
export function processTree(root: number): { depth: number; process: ProcessInfo }[] {
  const all = listProcesses();
  const walk = (pid: number, depth: number): { depth: number; process: ProcessInfo }[] => {
    const process = all.find((candidate) => candidate.pid === pid);
    if (process === undefined) return [];
    const children = all.filter((candidate) => candidate.parent === pid);
    return [{ depth, process }, ...children.flatMap((child) => walk(child.pid, depth + 1))];
  };
  return walk(root, 0);
}

/** Ends a process that may be gone already. */
export function killQuietly(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
