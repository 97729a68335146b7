import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../test/support/processes.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import { PROMPTLY, SOON, within } from '../support/within.ts';

/** Fills the pod's log: who writes to it now and waits until it can, waits for ever. */
function fillLog(pod: ShimPod): void {
  const { O_WRONLY, O_NONBLOCK } = constants;
  const descriptor = openSync(join(pod.firstBundle, 'log'), O_WRONLY | O_NONBLOCK);
  try {
    for (;;) writeSync(descriptor, 'x'.repeat(4096));
  } catch {
    // It is full.
  } finally {
    closeSync(descriptor);
  }
}

function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function liveWithoutLog(pod: ShimPod): Promise<void> {
  const { client } = pod;
  const { id } = await within(SOON, 'Create and Start', pod.run({ args: ['sleep', '1000'] }));
  await client.exec({ id, execId: 'nope', args: ['no-such-program'] });
  await assert.rejects(within(SOON, 'Start of an exec', client.start(id, 'nope')), /OCI runtime/);
  await within(PROMPTLY, 'Kill', client.kill(id, 9));
  await within(PROMPTLY, 'Wait', client.wait(id));
  await within(SOON, 'Delete', client.delete(id));
}

/** Files below some directories that were written since a moment and tell of this pod. */
function dumpsSince(pod: ShimPod, moment: number): string[] {
  const walk = (directory: string, depth: number): string[] => {
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      const path = join(directory, name);
      try {
        const status = statSync(path);
        if (status.isDirectory()) return depth > 0 ? walk(path, depth - 1) : [];
        if (!status.isFile() || status.mtimeMs < moment || status.size < 500) return [];
        return readFileSync(path, 'utf8').includes(String(pod.pid)) ? [path] : [];
      } catch {
        return [];
      }
    });
  };
  return ['/run', '/tmp', '/var/log'].flatMap((directory) => walk(directory, 2));
}

export const loggingCases: readonly ConformanceCase[] = [
  {
    name: 'log-that-nobody-reads',
    sentence:
      'With debug on and a log that is full and unread, everything goes on, and costs no processor time.',
    threads: ['containerd#4905', 'containerd#4906', 'containerd#3266', 'rust-extensions#240'],
    async run(context) {
      const pod = await context.pod({ log: 'unread', words: ['-debug'] });
      fillLog(pod);
      process.kill(pod.pid, 'SIGUSR1');
      for (let round = 0; round < 3; round += 1) await liveWithoutLog(pod);
      const before = processorTicks(pod.pid);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const ticks = processorTicks(pod.pid) - before;
      assert.ok(ticks <= 15, `${ticks} of 300 ticks of processor time while idle`);
    },
  },
  {
    name: 'log-whose-reader-is-gone',
    sentence: 'A shim whose log has no reader any more lives on when it has something to say.',
    threads: ['contract trap 35', 'rust-extensions#240'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ log: 'read', words: ['-debug'] });
      await pod.outputOf({ args: ['true'] });
      pod.closeLog();
      process.kill(pod.pid, 'SIGUSR1');
      process.kill(pod.pid, 'SIGPIPE');
      await liveWithoutLog(pod);
      assert.ok(isRunning(pod.pid));
    },
  },
  {
    name: 'dump-on-sigusr1',
    sentence: 'SIGUSR1 makes a whole dump in a file, although nobody reads the log.',
    threads: ['containerd#13814', 'containerd#10532', 'containerd#10242', 'containerd#6362'],
    fast: true,
    async run(context) {
      const pod = await context.pod({ log: 'unread' });
      await pod.run({ args: ['sleep', '1000'] });
      fillLog(pod);
      const moment = Date.now() - 10;
      process.kill(pod.pid, 'SIGUSR1');
      const dumps = await waitUntil(
        'a file with a dump',
        () => {
          const found = dumpsSince(pod, moment);
          return found.length > 0 && found;
        },
        SOON,
      );
      for (const path of dumps) rmSync(path, { force: true });
      await pod.outputOf({ args: ['true'] });
    },
  },
];
