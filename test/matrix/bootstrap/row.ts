import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsBelow } from '../../support/cgroups.ts';
import { mountsBelow } from '../../support/mounts.ts';
import { type PodOptions, ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';
import { type CellContext, type Row, Skipped } from '../cell.ts';
import type { Peers } from '../peers.ts';
import { deletion, exec, pod, run, terminal } from './life.ts';
import { outOfMemory, restart, stats, upgrade } from './trouble.ts';

/** What the cells get: a server started with BootstrapParams, and how more are started. */
export interface BootstrapCell {
  readonly pod: ShimPod;
  readonly options: PodOptions;
  /** Replaces the binary on disk by another copy of it. */
  replace(): void;
}

const COLUMNS = {
  run,
  pod,
  exec,
  tty: terminal,
  stats,
  oom: outOfMemory,
  restart,
  upgrade,
  delete: deletion,
} as const;

/** containerd 2.3's side of the protocol, played by the tests: Debian has no package of it. */
export function bootstrapRow(peers: Peers): Row {
  return {
    id: '2.3-bootstrap',
    title: `bootstrap form of 2.3, runc ${peers.version('sid', 'runc')}`,
    columns: Object.entries(COLUMNS).map(([name, work]) => ({
      name,
      run: async (context) => {
        if (peers.goShim) throw new Skipped("the lab's Go shims are older than this form");
        const cell = await startCell(context, peers);
        await work(cell);
        await assertNothingLeft(cell.pod);
      },
    })),
  };
}

async function startCell(context: CellContext, peers: Peers): Promise<BootstrapCell> {
  const directory = join(context.logs, 'shim');
  const binary = join(directory, peers.shimName);
  const replace = () => {
    copyFileSync(join(peers.shimDirectory('sid'), peers.shimName), join(directory, 'new'));
    renameSync(join(directory, 'new'), binary);
  };
  mkdirSync(directory);
  replace();
  const path = `${peers.ociRuntime('sid', 'runc')}:${process.env.PATH ?? ''}`;
  const options = { command: [binary], environment: { PATH: path }, bootstrap: true };
  const server = await ShimPod.start(options);
  context.cleanUp(() => server.close());
  return { pod: server, options, replace };
}

/** The containers were deleted; the server goes with Shutdown, and takes its socket along. */
async function assertNothingLeft(server: ShimPod): Promise<void> {
  await server.client.shutdown('pod').catch(() => {});
  const { sandbox } = server;
  const look = () => [
    ...sandbox.servers().map((pid) => `process ${pid}`),
    ...mountsBelow(sandbox.directory),
    ...cgroupsBelow(server.cgroup),
    ...server.runcStates(),
    ...(existsSync(server.socket) ? readdirSync(join(sandbox.directory, 's')) : []),
  ];
  await waitUntil('nothing is left', () => look().length === 0, 5_000).catch(() => {});
  assert.deepEqual(look(), []);
}
