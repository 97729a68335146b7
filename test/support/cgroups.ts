import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { killQuietly } from './processes.ts';
import { waitUntil } from './waiting.ts';

const ROOT = '/sys/fs/cgroup';

/** The mounted hierarchies: one in pure cgroup v2, one per controller in v1. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT];
  return readdirSync(ROOT).map((name) => join(ROOT, name));
}

/** The cgroup of this name in each hierarchy that has it. ctr puts containers below one named by the namespace. */
function parents(name: string): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, name))
    .filter((path) => existsSync(path));
}

/** Directories at any depth below, the deepest first. */
function descend(path: string): string[] {
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return children.flatMap(({ name }) => [...descend(join(path, name)), join(path, name)]);
}

/** The containers' cgroups below the parent; the parent itself stays when the last container goes. */
export function cgroupsBelow(parent: string): string[] {
  return parents(parent).flatMap(descend);
}

/** Moves the processes of a cgroup to one below it, as a container with a writable cgroup may do with its own. */
export function moveProcessesDown(name: string): void {
  for (const path of parents(name)) {
    const below = join(path, 'below');
    mkdirSync(below, { recursive: true });
    // A cpuset has to be filled before it takes a process.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const source = join(path, file);
      if (existsSync(source)) writeFileSync(join(below, file), readFileSync(source));
    }
    for (const pid of processesIn(path)) writeFileSync(join(below, 'cgroup.procs'), String(pid));
  }
}

/** Kills every process in the parent's cgroups and waits until they are empty. */
export async function killCgroups(parent: string): Promise<void> {
  await waitUntil(`no process in cgroup ${parent}`, () => {
    const pids = new Set(
      parents(parent)
        .flatMap((path) => [path, ...descend(path)])
        .flatMap(processesIn),
    );
    for (const path of parents(parent).flatMap(descend)) thaw(path);
    for (const pid of pids) killQuietly(pid);
    return pids.size === 0;
  });
}

export async function removeCgroups(parent: string): Promise<void> {
  await waitUntil(`cgroup ${parent} goes`, () => {
    for (const path of parents(parent).flatMap((top) => [...descend(top), top])) {
      try {
        rmdirSync(path);
      } catch {
        // A process that has just died keeps it busy for a moment.
      }
    }
    return parents(parent).length === 0;
  });
}

function processesIn(path: string): number[] {
  try {
    const text = readFileSync(join(path, 'cgroup.procs'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** A frozen process does not die of SIGKILL under cgroup v1. */
function thaw(path: string): void {
  const state = join(path, 'freezer.state');
  if (existsSync(state)) writeFileSync(state, 'THAWED');
}
