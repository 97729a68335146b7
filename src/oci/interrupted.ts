import { endCgroups } from '../cgroup/endCgroups.ts';
import { CancellationSource } from '../platform/cancellation.ts';
import { SIGKILL } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { readText } from '../posix/files.ts';
import { sendSignal } from '../posix/processes.ts';
import type { Bundle } from './bundle.ts';
import { ownCgroupPath } from './ownCgroup.ts';
import type { OciRuntime } from './runtime.ts';

/*
 * What to do about a runtime that was killed in the middle of its work: by somebody with SIGKILL, for want of memory, or
 * by the shim, because the call was cancelled. Loaded only then.
 */

/** How long the runtime may take to take back what another one of it has left. */
const limitMilliseconds = 5_000;

/**
 * Removes what an interrupted `create` has left: the container, if the runtime had noted it already, and cgroups that
 * it had made before it noted anything.
 */
export async function undoCreate(runtime: OciRuntime, id: string): Promise<void> {
  const limit = new CancellationSource();
  const timer = setTimeout(() => limit.cancel(new Error('time is up')), limitMilliseconds);
  try {
    await runtime.delete(id, true, limit);
  } catch {
    // The error of `create` is what the caller has to see; `delete` of the shim tries once more.
  } finally {
    clearTimeout(timer);
  }
  const path = ownCgroupPath(runtime.bundle, id);
  if (path !== undefined) await endCgroups(path);
}

/**
 * Ends the process that an interrupted `exec` has started, if it came so far as to note the pid. By then it is our
 * child: its own parent is dead, and whoever has the number otherwise is somebody else's.
 */
export function undoExec(bundle: Bundle, execId: string): void {
  let pid: number;
  try {
    pid = bundle.readExecPid(execId);
  } catch {
    // It was not started, or ended with its runtime.
    return;
  }
  try {
    if (parentOf(pid) === process.pid) sendSignal(pid, SIGKILL);
  } catch (error) {
    // It has ended by itself.
    if (!isSystemError(error)) throw error;
  }
}

function parentOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  // The command's name is in parentheses and may hold spaces: state and parent follow it.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
