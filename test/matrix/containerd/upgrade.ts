import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Containerd } from '../../support/containerd.ts';
import type { Suite } from '../peers.ts';
import { execIn } from './basics.ts';
import { pidOf, startMember, startPod } from './pod.ts';
import type { ContainerdCell } from './row.ts';

/** Other versions of containerd that take over running pods, in order; the row's own comes last again. */
const OTHERS: Record<Suite, readonly Suite[]> = {
  bookworm: ['trixie', 'sid'],
  trixie: ['sid', 'bookworm'],
  sid: ['trixie', 'bookworm'],
};

/** A server runs on while the binary on disk is replaced and containerd is up- and downgraded. */
export async function upgrade(cell: ContainerdCell): Promise<void> {
  const { containerd, suite } = cell;
  const replace = await installOwnCopy(cell);
  const { group, ids } = await startPod(containerd, 2);
  const shims = containerd.shims();
  replace();
  const joined = containerd.newId('joined');
  await startMember(containerd, group, joined);
  assert.deepEqual(containerd.shims(), shims, 'a new container joins the old server');
  const members = [...ids, joined];
  const pids = await Promise.all(members.map((id) => pidOf(containerd, id)));
  for (const other of [...OTHERS[suite], suite]) {
    await takeOver(cell, other);
    const what = `under containerd of ${other}`;
    const now = await Promise.all(members.map((id) => pidOf(containerd, id)));
    assert.deepEqual(now, pids, what);
    assert.deepEqual(containerd.shims(), shims, what);
    await checkExec(containerd, joined, what);
  }
  for (const id of members) await containerd.remove(id);
}

/** The daemon finds a copy of the shim that is the cell's own. Returns what replaces it, as a package manager does. */
async function installOwnCopy({ containerd, peers, suite, optionsOf }: ContainerdCell) {
  const { shimName } = peers;
  const original = join(peers.shimDirectory(suite), shimName);
  const directory = join(containerd.directory, 'shim');
  mkdirSync(directory);
  const install = () => {
    copyFileSync(original, join(directory, 'new'));
    renameSync(join(directory, 'new'), join(directory, shimName));
  };
  install();
  const options = optionsOf(suite);
  await containerd.killDaemon();
  containerd.replaceBy({ ...options, searchPath: [directory, ...(options.searchPath ?? [])] });
  await containerd.launch();
  return install;
}

async function takeOver({ containerd, optionsOf }: ContainerdCell, suite: Suite): Promise<void> {
  await containerd.killDaemon();
  containerd.replaceBy(optionsOf(suite));
  await containerd.launch();
}

async function checkExec(containerd: Containerd, id: string, what: string): Promise<void> {
  const events = await containerd.events();
  const result = await execIn(containerd, id, 'e', '/bin/sh', '-c', 'echo well; exit 5');
  assert.deepEqual([result.status, result.stdout], [5, 'well\n'], `${what}: ${result.stderr}`);
  await events.waitFor('/tasks/exit', (fields) => fields.id === 'e' && fields.exit_status === 5);
  await events.close();
}
