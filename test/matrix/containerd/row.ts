import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Containerd } from '../../support/containerd.ts';
import type { ContainerdOptions } from '../../support/containerdProcess.ts';
import type { CellContext, Row } from '../cell.ts';
import type { Peers, Suite } from '../peers.ts';
import { exec, run, terminal } from './basics.ts';
import { nothingIsLeft } from './deletion.ts';
import { withoutUnifiedCgroups } from './mountNamespace.ts';
import { pod } from './pod.ts';
import { outOfMemory, stats } from './resources.ts';
import { restart } from './restart.ts';
import { keepTraces } from './traces.ts';
import { upgrade } from './upgrade.ts';

export interface ContainerdRow {
  readonly id: string;
  readonly suite: Suite;
  readonly runtime: readonly [Suite, 'runc' | 'crun'];
}

/** What the cells of a containerd row get: a daemon of their own, already running. */
export interface ContainerdCell {
  readonly containerd: Containerd;
  readonly peers: Peers;
  readonly suite: Suite;
  /** The options to run the daemon of another suite over the same containers. */
  optionsOf(suite: Suite): ContainerdOptions;
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
  delete: nothingIsLeft,
} as const;

/** The cells of one version of containerd with one OCI runtime. */
export function containerdRow(peers: Peers, row: ContainerdRow): Row {
  const [runtimeSuite, runtime] = row.runtime;
  const versions = [
    `containerd ${peers.version(row.suite, 'containerd')}`,
    `${runtime} ${peers.version(runtimeSuite, runtime)}`,
  ];
  return {
    id: row.id,
    title: versions.join(', '),
    columns: Object.entries(COLUMNS).map(([name, work]) => ({
      name,
      run: async (context) => {
        const cell = await startCell(context, peers, row);
        await work(cell);
        assert.deepEqual(await cell.containerd.leftovers(), []);
      },
    })),
  };
}

async function startCell(
  context: CellContext,
  peers: Peers,
  { suite, runtime }: ContainerdRow,
): Promise<ContainerdCell> {
  const holder = runtime[1] === 'crun' ? await withoutUnifiedCgroups() : undefined;
  if (holder !== undefined) context.cleanUp(() => holder.kill('SIGKILL'));
  const optionsOf = (other: Suite): ContainerdOptions => ({
    executable: join(peers.programs(other), 'containerd'),
    ctr: join(peers.programs(other), 'ctr'),
    configVersion: other === 'sid' ? 3 : 2,
    searchPath: [peers.shimDirectory(other), peers.ociRuntime(...runtime), peers.programs(other)],
    runtime: peers.runtime,
    ...(holder === undefined ? {} : { mountNamespace: holder.pid }),
  });
  const containerd = Containerd.prepare(optionsOf(suite));
  context.cleanUp(() => containerd.stop());
  context.cleanUp(() => keepTraces(containerd, context.logs));
  await containerd.launch();
  return { containerd, peers, suite, optionsOf };
}
