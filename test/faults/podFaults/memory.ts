import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../support/waiting.ts';
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
  heal: async (life) => {
    const cgroup = cgroupOf(life);
    // Back to where this process is: there the server came from.
    const home = join(homeOfThisProcess(), 'cgroup.procs');
    await waitUntil('the cgroup goes', () => {
      const pids = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n');
      for (const pid of pids.filter((line) => line !== '')) attempt(() => writeFileSync(home, pid));
      attempt(() => rmdirSync(cgroup));
      return !existsSync(cgroup);
    });
  },
};

function cgroupOf({ pod }: Life): string {
  return join(HIERARCHY, `${pod.cgroup}-shim`);
}

function homeOfThisProcess(): string {
  const text = readFileSync('/proc/self/cgroup', 'utf8');
  const path = (UNIFIED ? /^0::(.*)$/m : /^\d+:memory:(.*)$/m).exec(text)?.[1] ?? '';
  return join(HIERARCHY, path);
}

/** Whoever is being killed is there no more when it is moved, and still keeps the cgroup for a moment. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ESRCH', 'EBUSY', 'ENOENT'].includes(code)) throw error;
  }
}
