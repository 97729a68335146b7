import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Containerd } from '../../support/containerd.ts';
import { DUMP_DIRECTORY } from '../../support/dumps.ts';
import { killQuietly, processTree } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';

/** Keeps the daemon's log and, of shims that still run because something failed, their dumps and processes. */
export async function keepTraces(containerd: Containerd, logs: string): Promise<void> {
  const shims = containerd.shims();
  const trees = shims.flatMap((pid) => processTree(pid));
  const lines = trees.map(
    ({ depth, process: { pid, state, argv } }) =>
      `${'  '.repeat(depth)}${pid} ${state} ${argv.join(' ')}\n`,
  );
  if (lines.length > 0) writeFileSync(join(logs, 'processes'), lines.join(''));
  for (const pid of shims) {
    killQuietly(pid, 'SIGUSR1');
    // The Go shim has no such file: it dumps into the log.
    const path = await waitUntil('the dump is written', () => dumpOf(pid), 2_000).catch(() => '');
    if (path !== '') copyFileSync(path, join(logs, `dump-${pid}`));
  }
  writeFileSync(join(logs, 'containerd.log'), containerd.log);
}

function dumpOf(shim: number): string | undefined {
  if (!existsSync(DUMP_DIRECTORY)) return undefined;
  const name = readdirSync(DUMP_DIRECTORY).find((entry) => entry.endsWith(`-${shim}.txt`));
  return name === undefined ? undefined : join(DUMP_DIRECTORY, name);
}
