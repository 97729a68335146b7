import { readdirSync, readFileSync } from 'node:fs';
import { readProcess } from '../../support/processes.ts';

/** What a process holds at one moment. */
export interface Figures {
  /** Private dirty memory, in KiB. */
  readonly memory: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** @throws Error when the process is gone */
export function figuresOf(pid: number): Figures {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    memory: Number(/^Private_Dirty:\s+(\d+) kB/m.exec(rollup)?.[1]),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Dead children that it has not collected. */
export function zombiesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((child) => child !== '' && readProcess(Number(child))?.state === 'Z').length;
}

/** Processor time that it has used, in milliseconds. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}
