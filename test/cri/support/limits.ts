import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** The memory limit of a process's cgroup in bytes, v1 or v2. */
export function memoryLimitOf(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const path = (controllers: string) =>
    lines.map((line) => line.split(':')).find((fields) => fields[1] === controllers)?.[2];
  const memory = path('memory');
  const file =
    memory === undefined
      ? join(ROOT, path('') ?? '', 'memory.max')
      : join(ROOT, 'memory', memory, 'memory.limit_in_bytes');
  return Number(readFileSync(file, 'utf8'));
}
