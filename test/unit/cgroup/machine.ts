import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { type CgroupMode, cgroupMode } from '../../../src/cgroup/mode.ts';

let made = 0;
const unfinished = new Set<() => void | Promise<void>>();

/** For afterEach: ends the shells and removes the cgroups that a failed test has left. */
export async function cleanUp(): Promise<void> {
  for (const finish of [...unfinished].reverse()) await finish();
}

/** Directories where tests may make cgroups: by hierarchy in v1, the one mount in v2. */
export function hierarchyMounts(mode: CgroupMode = cgroupMode()): readonly string[] {
  if (mode.unified) return [mode.mountPoint];
  return [...new Set([...mode.hierarchies.values()].map(({ mountPoint }) => mountPoint))];
}

/** The directory below which memory cgroups can be made, undefined when this machine lets us make none. */
export function memoryMount(): string | undefined {
  const mode = cgroupMode();
  const mount = mode.unified ? mode.mountPoint : mode.hierarchies.get('memory')?.mountPoint;
  if (mount === undefined) return undefined;
  const probe = `${mount}/podshim-probe-${process.pid}`;
  try {
    if (mode.unified) writeFileSync(`${mount}/cgroup.subtree_control`, '+memory +pids');
    mkdirSync(probe);
    rmdirSync(probe);
    return mount;
  } catch {
    return undefined;
  }
}

/** Why a test that makes memory cgroups cannot be run here. */
export const withoutCgroups =
  memoryMount() === undefined ? 'no cgroup can be made on this machine' : undefined;

/** Makes a cgroup of a new name in each of the mounts. */
export function makeCgroup(mounts: readonly string[]) {
  made += 1;
  const path = `/podshim-test-${process.pid}-${made}`;
  const directories = mounts.map((mount) => `${mount}${path}`);
  for (const directory of directories) mkdirSync(directory);
  const remove = (): void => {
    unfinished.delete(remove);
    for (const directory of directories) rmdirSync(directory);
  };
  unfinished.add(remove);
  return { path, directories, remove };
}

/** Limits memory and swap together, so that the limit cannot be avoided by swapping. */
export function limitMemory(directory: string, bytes: number): void {
  if (cgroupMode().unified) {
    writeFileSync(`${directory}/memory.max`, String(bytes));
    writeIfPresent(`${directory}/memory.swap.max`, '0');
  } else {
    writeFileSync(`${directory}/memory.limit_in_bytes`, String(bytes));
    writeIfPresent(`${directory}/memory.memsw.limit_in_bytes`, String(bytes));
  }
}

/**
 * A shell in waiting. `release` lets it run `command`; `ended` is its signal or exit code once it is
 * gone. `tail /dev/zero` is the simplest program that needs ever more memory.
 */
export function waitingShell(command: string) {
  const child = spawn('/bin/sh', ['-c', `read line; ${command}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the shell did not start');
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => signal ?? code);
  const end = async (): Promise<void> => {
    unfinished.delete(end);
    child.stdin.destroy();
    child.kill('SIGKILL');
    await ended;
  };
  unfinished.add(end);
  return {
    pid,
    ended,
    release() {
      child.stdin.write('go\n');
    },
    end,
  };
}

/**
 * How many descriptors this process has open of the kinds that watches use. Others come and go with
 * the JavaScript runtime's own work.
 */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return /^anon_inode:(\[eventfd\]|inotify)$|\/memory\.|cgroup\./.test(target);
    } catch {
      // The one that the directory was read with.
      return false;
    }
  }).length;
}

/** Keeps the process running while it waits: a watch alone does not. */
export async function awaiting<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

function writeIfPresent(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
