import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { ShimClient } from '../../support/shimClient.ts';
import type { Life } from '../life.ts';
import type { Fault } from '../trial.ts';

/** With that many free descriptors every step has enough. */
const DESCRIPTORS = 48;

/** What the containers are like: run by the runtime alone, partly without it, or with terminals. */
const KINDS = {
  plain: 'by the runtime',
  direct: 'without it',
  terminal: 'with terminals',
} as const;

/**
 * The server can open no more descriptor; then one more, then two, and so on, so that each place where it opens one has
 * its turn to fail. A connection that comes meanwhile is served afterwards.
 */
export function descriptorLimit(kind: keyof typeof KINDS): Fault {
  let meanwhile: ShimClient | undefined;
  return {
    id: kind === 'plain' ? 'descriptors' : `descriptors-${kind}`,
    title: `descriptor limit, containers ${KINDS[kind]}`,
    strikes: (_, point) => point === 'before',
    levels: DESCRIPTORS,
    prepare: (life) => {
      const { stdin, stdout, stderr } = life.daemon.openFifos('init');
      const exec = life.daemon.openFifos('exec');
      life.direct = kind !== 'plain';
      life.terminal = kind === 'terminal';
      life.request = life.terminal ? { stdin, stdout } : { stdin, stdout, stderr };
      life.execStdio = life.terminal ? { stdin: exec.stdin, stdout: exec.stdout } : exec;
    },
    inject: async ({ life, level }) => {
      const used = new Set(readdirSync(`/proc/${life.pod.pid}/fd`).map(Number));
      let limit = 0;
      for (let free = 0; used.has(limit) || free < level; limit += 1) {
        if (!used.has(limit)) free += 1;
      }
      setLimit(life, limit);
      if (level === 0) meanwhile = await life.pod.connect();
    },
    heal: async (life) => {
      if (!life.shimRuns) return;
      setLimit(life, hardLimit(life));
      await meanwhile?.connectTask(life.victim);
      meanwhile?.close();
      meanwhile = undefined;
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
