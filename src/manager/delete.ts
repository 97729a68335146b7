import { endCgroups } from '../cgroup/endCgroups.ts';
import {
  type ExitRecord,
  exitJournalPath,
  instantNow,
  readExitRecord,
} from '../events/exitJournal.ts';
import type { ShimFlags } from '../flags.ts';
import { unmountRecursive } from '../mount/unmount.ts';
import { Bundle } from '../oci/bundle.ts';
import { defaultOptions, type RuntimeOptions } from '../oci/options.ts';
import { ownCgroupPath } from '../oci/ownCgroup.ts';
import { OciRuntime } from '../oci/runtime.ts';
import { runtimeEnvironment } from '../oci/runtimeEnvironment.ts';
import { reasonOf } from '../platform/reason.ts';
import { SIGINT, SIGTERM } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { readText, writeAll } from '../posix/files.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import { fileStatus, linkStatus } from '../posix/paths.ts';
import { becomeSubreaper, ignoreSignal } from '../posix/processes.ts';
import { Reaper } from '../reaper/reaper.ts';
import { Deadline } from './deadline.ts';
import { encodeDeleteResponse, UNKNOWN_PID } from './deleteResponse.ts';
import { readGroup } from './grouping.ts';
import { checkIdentity } from './identity.ts';
import { removeDeadSocket } from './listen.ts';
import { joinPath, parentDirectory } from './path.ts';
import { removeByForce } from './removeByForce.ts';
import { debugSocketAddress, socketPathOf } from './socketAddress.ts';

const STDOUT = 1;
const STDERR = 2;

const SOCKET_SCHEME = 'unix://';
/** How `start` names every socket (contract 2.1). */
const SOCKET_NAME = /^\/.*\/[0-9a-f]{64}$/;

/** The daemon kills this helper after 5 s (contract 1.9): runc gets this much, in milliseconds. */
const RUNTIME_BUDGET = 4000;
const TOTAL_BUDGET = 4700;

/** Status of a container whose end nobody saw: killed. */
const KILLED = 137;

type Warn = (text: string) => void;

/**
 * The action `delete` (contract 1.9): the server is gone, clean up after it, and say how the
 * container ended. It runs after every normal removal as well, so whatever is missing is fine, and
 * what goes wrong is a warning on stderr: the daemon needs the answer more than a reason.
 */
export async function remove(flags: ShimFlags): Promise<void> {
  checkIdentity(flags);
  ignoreSignal(SIGTERM);
  ignoreSignal(SIGINT);
  const warnings: string[] = [];
  const warn: Warn = (text) => void warnings.push(text);
  const bundle = new Bundle(bundlePath(flags));
  const record = readExitRecord(exitJournalPath(bundle.path));
  if (record?.deleted !== true) {
    await cleanUp(bundle, flags, warn);
  }
  removeSockets(bundle, flags, warn);
  writeAll(STDOUT, answer(bundle, record, warn));
  if (warnings.length > 0) {
    writeAll(STDERR, new TextEncoder().encode(`${warnings.join('\n')}\n`));
  }
}

/** The container's bundle lies beside the working directory, which may be another one's. */
function bundlePath(flags: ShimFlags): string {
  try {
    return joinPath(parentDirectory(process.cwd()), flags.id);
  } catch (error) {
    if (flags.bundle === '') {
      throw error;
    }
    return flags.bundle;
  }
}

async function cleanUp(bundle: Bundle, flags: ShimFlags, warn: Warn): Promise<void> {
  becomeSubreaper();
  const reaper = new Reaper();
  reaper.install();
  const total = new Deadline(TOTAL_BUDGET);
  try {
    const steps = deleteContainer(bundle, flags, reaper, warn)
      .then(() => endLeftCgroup(bundle, flags.id))
      .then(() => unmount(bundle, warn));
    if (!(await total.reaches(steps))) {
      warn(`clean-up of ${bundle.path} is not done after ${TOTAL_BUDGET} ms`);
    }
  } finally {
    total.clear();
    reaper.uninstall();
  }
}

/** The server was killed, perhaps: then its socket is still there, under the name that `start` noted. */
function removeSockets(bundle: Bundle, flags: ShimFlags, warn: Warn): void {
  try {
    const address = readText(`${bundle.path}/address`).trim();
    if (!address.startsWith(SOCKET_SCHEME)) return;
    const path = socketPathOf(address);
    if (!SOCKET_NAME.test(path)) throw new Error(`${path} has not the name of a shim's socket`);
    if (!removeDeadSocket(path)) return;
    const identity = {
      directory: parentDirectory(path),
      ...{ address: flags.address, namespace: flags.namespace },
      group: readGroup(`${bundle.path}/config.json`, flags.id),
    };
    removeDeadSocket(socketPathOf(debugSocketAddress(identity)));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) warn(`failed to remove the socket: ${reasonOf(error)}`);
  }
}

/** That of a runtime which was killed before it had noted what it made: no runtime knows of it any more. */
async function endLeftCgroup(bundle: Bundle, id: string): Promise<void> {
  const path = ownCgroupPath(bundle, id);
  if (path !== undefined) await endCgroups(path);
}

async function unmount(bundle: Bundle, warn: Warn): Promise<void> {
  try {
    if (isSymlink(bundle.rootfs)) throw new Error('it is a symlink');
    await unmountRecursive(bundle.rootfs);
  } catch (error) {
    warn(`failed to unmount ${bundle.rootfs}: ${reasonOf(error)}`);
  }
}

/** Has the runtime delete the container, or does it by force when the runtime takes too long. */
async function deleteContainer(
  bundle: Bundle,
  flags: ShimFlags,
  reaper: Reaper,
  warn: Warn,
): Promise<void> {
  const options = readOptions(bundle, warn);
  const runtime = new OciRuntime({
    reaper,
    binary: readRuntimeName(bundle, warn) ?? options.binaryName,
    environment: runtimeEnvironment(process.env),
    openFiles: inheritedOpenFiles(),
    root: options.root,
    namespace: flags.namespace,
    // The runtime needs a directory to run and to log in.
    bundle: isDirectory(bundle.path) ? bundle : new Bundle(process.cwd()),
    // Never in this helper (trap 48).
    systemdCgroup: false,
    criuPath: '',
  });
  const deadline = new Deadline(RUNTIME_BUDGET);
  try {
    await runtime.delete(flags.id, true, deadline);
  } catch (error) {
    if (!deadline.cancelled) {
      warn(`failed to remove container ${flags.id}: ${reasonOf(error)}`);
      return;
    }
    warn(`${runtime.binary} delete took more than ${RUNTIME_BUDGET} ms and was killed`);
    removeByForce(`${runtime.root}/${flags.id}`, flags.id, warn);
  } finally {
    deadline.clear();
  }
}

function readOptions(bundle: Bundle, warn: Warn): RuntimeOptions {
  try {
    return bundle.readOptions() ?? defaultOptions;
  } catch (error) {
    warn(`failed to read options.json: ${reasonOf(error)}`);
    return defaultOptions;
  }
}

function readRuntimeName(bundle: Bundle, warn: Warn): string | undefined {
  try {
    return bundle.readRuntimeName()?.trim() || undefined;
  } catch (error) {
    warn(`failed to read the runtime's name: ${reasonOf(error)}`);
    return undefined;
  }
}

function answer(bundle: Bundle, record: ExitRecord | undefined, warn: Warn): Uint8Array {
  if (record !== undefined) {
    return encodeDeleteResponse(record.pid, record.status, record.exitedAt);
  }
  return encodeDeleteResponse(readInitPid(bundle, warn), KILLED, instantNow());
}

function readInitPid(bundle: Bundle, warn: Warn): number {
  try {
    return bundle.readInitPid();
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) {
      warn(`failed to read init.pid: ${reasonOf(error)}`);
    }
    return UNKNOWN_PID;
  }
}

/** No daemon makes one; what it leads to is not the container's. */
function isSymlink(path: string): boolean {
  try {
    return linkStatus(path).type === 'symlink';
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return fileStatus(path).type === 'directory';
  } catch {
    return false;
  }
}
