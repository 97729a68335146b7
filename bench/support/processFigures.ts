import { readdirSync, readFileSync } from 'node:fs';

export const KIBIBYTE = 2 ** 10;
export const MEBIBYTE = 2 ** 20;

/** Memory of a process, in bytes. */
export interface Memory {
  /** What it alone has and has written to: what ends with it. */
  readonly privateDirty: number;
  /** What it has alone, and its part of what it shares. */
  readonly proportional: number;
  readonly resident: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1];
    if (found === undefined) throw new Error(`smaps_rollup has no ${name}`);
    return Number(found) * 1024;
  };
  return {
    privateDirty: field('Private_Dirty'),
    proportional: field('Pss'),
    resident: field('Rss'),
  };
}

export function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** How often its threads were put on a processor after they had waited. A thread that ended takes its count with it. */
export function wakeUpsOf(pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    const count = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1];
    counts.set(thread, Number(count));
  }
  return counts;
}

/** Whether a process has a handler for a signal. */
export function handles(pid: number, signal: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mask = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((mask >> BigInt(signal - 1)) & 1n) === 1n;
}
