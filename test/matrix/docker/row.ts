import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Containerd } from '../../support/containerd.ts';
import type { CellContext, Row } from '../cell.ts';
import { keepTraces } from '../containerd/traces.ts';
import type { Peers, Suite } from '../peers.ts';
import { outOfMemory, pause, stats, top, update } from './control.ts';
import { kill, restart, stop, wait } from './ending.ts';
import { Engine } from './engine.ts';
import { codes, exec, run, terminal } from './life.ts';
import { liveRestore } from './liveRestore.ts';
import { events, logs } from './watching.ts';

const COLUMNS = {
  run,
  exec,
  tty: terminal,
  stop,
  kill,
  pause,
  top,
  stats,
  logs,
  restart,
  wait,
  events,
  update,
  oom: outOfMemory,
  live: liveRestore,
  codes,
} as const;

/** The cells of one version of Docker. */
export function dockerRow(peers: Peers, { id, suite }: { id: string; suite: Suite }): Row {
  const versions = [
    `Docker ${peers.version(suite, 'dockerd')}`,
    `containerd ${peers.version(suite, 'containerd')}`,
  ];
  return {
    id,
    title: versions.join(', '),
    columns: Object.entries(COLUMNS).map(([name, work]) => ({
      name,
      run: async (context) => {
        const engine = await startEngine(context, peers, suite);
        await work(engine);
        for (const pid of engine.containerd.shims()) peers.checkShim(pid);
        await engine.removeContainers();
        assert.deepEqual(await engine.leftovers(), []);
      },
    })),
  };
}

async function startEngine(context: CellContext, peers: Peers, suite: Suite): Promise<Engine> {
  const ownShims = join(context.logs, 'shim');
  const searchPath = [
    ownShims,
    peers.shimDirectory(suite),
    peers.ociRuntime(suite, 'runc'),
    peers.programs(suite),
  ];
  const containerd = Containerd.prepare({
    executable: join(peers.programs(suite), 'containerd'),
    ctr: join(peers.programs(suite), 'ctr'),
    configVersion: suite === 'sid' ? 3 : 2,
    searchPath,
  });
  context.cleanUp(() => containerd.stop());
  context.cleanUp(() => keepTraces(containerd, context.logs));
  const settings = { 'live-restore': true, ...chooseShim(peers, suite, ownShims) };
  await containerd.launch();
  const engine = new Engine(containerd, { programs: peers.programs(suite), searchPath, settings });
  context.cleanUp(async () => {
    writeFileSync(join(context.logs, 'dockerd.log'), engine.log);
    await engine.endDaemon('SIGKILL');
  });
  await engine.launch();
  await engine.importImage();
  return engine;
}

/**
 * How Docker is told of the shim: from 23.0 on by daemon.json. Earlier ones know the Go shim alone, so this one takes
 * its name on containerd's PATH.
 */
function chooseShim(peers: Peers, suite: Suite, directory: string): Record<string, unknown> {
  mkdirSync(directory);
  if (peers.goShim) return {};
  if (suite === 'bookworm') {
    const shim = join(peers.shimDirectory(suite), peers.shimName);
    symlinkSync(shim, join(directory, 'containerd-shim-runc-v2'));
    return {};
  }
  const podshim = { runtimeType: peers.runtime };
  return { runtimes: { podshim }, 'default-runtime': 'podshim' };
}
