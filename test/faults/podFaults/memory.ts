import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Life } from '../life.ts';
import type { Fault } from '../trial.ts';

const ROOT = '/sys/fs/cgroup';
const UNIFIED = existsSync(join(ROOT, 'cgroup.controllers'));
const HIERARCHY = UNIFIED ? ROOT : join(ROOT, 'memory');
/** What the server and the runtimes that it runs may use beyond what they have; with the last every step has enough. */
const LIMITS = [1, 4, 8, 16, 32, 64].map((mebibytes) => mebibytes * 1024 * 1024);

/**
 * A memory cgroup around the server, which has next to no memory in it; then a little more, and so on. The kernel kills
 * whom it likes: the runtime, or the server itself.
 */
export const memoryLimit: Fault = {
  id: 'memory',
  title: 'memory limit on the shim',
  killsShim: true,
  strikes: (_, point) => point === 'before',
  levels: LIMITS.length,
  inject: ({ life, level }) => {
    const cgroup = cgroupOf(life);
    mkdirSync(cgroup);
    const limit = String(LIMITS[level]);
    writeFileSync(join(cgroup, UNIFIED ? 'memory.max' : 'memory.limit_in_bytes'), limit);
    const withSwap = join(cgroup, UNIFIED ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes');
    if (existsSync(withSwap)) writeFileSync(withSwap, UNIFIED ? '0' : limit);
    writeFileSync(join(cgroup, 'cgroup.procs'), String(life.pod.pid));
  },
  heal: (life) => {
    const cgroup = cgroupOf(life);
    // Back to where this process is: there the server came from.
    const home = homeOf(process.pid);
    for (const pid of readdirSync('/proc').filter((name) => isIn(name, cgroup))) {
      writeFileSync(join(home, 'cgroup.procs'), pid);
    }
    rmdirSync(cgroup);
  },
};

function cgroupOf({ pod }: Life): string {
  return join(HIERARCHY, `${pod.cgroup}-shim`);
}

function isIn(name: string, cgroup: string): boolean {
  return /^\d+$/.test(name) && homeOf(Number(name)) === cgroup;
}

function homeOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    const path = (UNIFIED ? /^0::(.*)$/m : /^\d+:memory:(.*)$/m).exec(text)?.[1] ?? '';
    return join(HIERARCHY, path);
  } catch {
    return '';
  }
}
