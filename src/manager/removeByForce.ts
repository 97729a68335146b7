import { attempt, killIn, removeCgroup } from '../cgroup/endCgroups.ts';
import { reasonOf } from '../platform/reason.ts';
import { SIGKILL } from '../posix/constants.ts';
import { readText } from '../posix/files.ts';
import { listDirectory, removeTree } from '../posix/paths.ts';
import { sendSignal } from '../posix/processes.ts';
import { baseName, cleanPath } from './path.ts';

const CGROUP_ROOT = '/sys/fs/cgroup/';

/** What a runtime wrote down about a container. */
interface RuntimeState {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat at that time: tells the process from a later one of that pid. */
  readonly startTime: string;
  readonly cgroups: readonly string[];
}

/**
 * Removes a container whose runtime hangs: kills what is in it, takes away its cgroups where they
 * are empty, and the runtime's state, so that the id can be used again. Only what the state names
 * without doubt is touched: a pid with its start time, cgroups named after the container.
 */
export function removeByForce(
  stateDirectory: string,
  id: string,
  warn: (text: string) => void,
): void {
  try {
    const state = readState(stateDirectory);
    if (state !== undefined) {
      killContainer(state, id);
    }
    refuseOthers(stateDirectory);
    removeTree(stateDirectory);
  } catch (error) {
    warn(`failed to remove container ${id} by force: ${reasonOf(error)}`);
  }
}

/** Files that runc and crun have in a state directory from the first moment on. */
const STATE_FILES = ['state.json', 'status', 'exec.fifo'];

/** The directory's path is made of what a file in the bundle says: what is not a runtime's is not ours to remove. */
function refuseOthers(directory: string): void {
  const names = attempt(() => listDirectory(directory)) ?? [];
  if (names.length > 0 && !names.some((name) => STATE_FILES.includes(name))) {
    throw new Error(`${directory} is no state of a runtime`);
  }
}

/** The state of runc (`state.json`) or crun (`status`); undefined when there is neither. */
function readState(directory: string): RuntimeState | undefined {
  const runc = readJson(`${directory}/state.json`);
  if (runc !== undefined) {
    const paths = runc.cgroup_paths;
    return {
      pid: Number(runc.init_process_pid),
      startTime: String(runc.init_process_start),
      cgroups: typeof paths === 'object' && paths !== null ? Object.values(paths).map(String) : [],
    };
  }
  const crun = readJson(`${directory}/status`);
  if (crun === undefined) {
    return undefined;
  }
  return {
    pid: Number(crun.pid),
    startTime: String(crun['process-start-time']),
    cgroups: [`${CGROUP_ROOT}${String(crun['cgroup-path'])}`],
  };
}

function killContainer(state: RuntimeState, id: string): void {
  const cgroups = state.cgroups
    .map(cleanPath)
    .filter((path) => path.startsWith(CGROUP_ROOT) && baseName(path).includes(id));
  if (state.startTime === startTimeOf(state.pid)) {
    attempt(() => sendSignal(state.pid, SIGKILL));
  }
  killIn(cgroups);
  for (const cgroup of cgroups) {
    removeCgroup(cgroup);
  }
}

function startTimeOf(pid: number): string | undefined {
  const stat = attempt(() => readText(`/proc/${pid}/stat`)) ?? '';
  // The command name is in parentheses and may hold spaces; field 3 follows it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readJson(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readText(path));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
