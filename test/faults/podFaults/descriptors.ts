import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Life } from '../life.ts';
import type { Fault } from '../trial.ts';

/** With that many free descriptors every step has enough. */
const DESCRIPTORS = 48;

/**
 * The server can open no more descriptor; then one more, then two, and so on, so that each place where it opens one has
 * its turn to fail.
 * @param direct for containers that need no runtime to start, kill and delete
 */
export function descriptorLimit(direct: boolean): Fault {
  return {
    id: direct ? 'descriptors-direct' : 'descriptors',
    title: `descriptor limit${direct ? ', without a runtime' : ''}`,
    strikes: (_, point) => point === 'before',
    levels: DESCRIPTORS,
    prepare: (life) => {
      life.direct = direct;
    },
    inject: ({ life, level }) => {
      const used = new Set(readdirSync(`/proc/${life.pod.pid}/fd`).map(Number));
      let limit = 0;
      for (let free = 0; used.has(limit) || free < level; limit += 1) {
        if (!used.has(limit)) free += 1;
      }
      setLimit(life, limit);
    },
    heal: (life) => {
      if (life.shimRuns) setLimit(life, hardLimit(life));
    },
  };
}

/** The soft limit; the hard one, which could not be raised again, stays. */
function setLimit({ pod }: Life, limit: number): void {
  execFileSync('prlimit', ['--pid', String(pod.pid), `--nofile=${limit}:`]);
}

function hardLimit({ pod }: Life): number {
  const limits = readFileSync(`/proc/${pod.pid}/limits`, 'utf8');
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1]);
}
