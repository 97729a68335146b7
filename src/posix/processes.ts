import { native } from './addon.ts';
import { check, ERRNO, isSystemError, SystemError } from './error.ts';
import { slots } from './native.ts';

export interface SpawnRequest {
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  /** Working directory of the child; undefined: ours. */
  readonly directory: string | undefined;
  /** descriptors[i] becomes descriptor i of the child; -1 is /dev/null. All others are closed in the child. At most 64. */
  readonly descriptors: readonly number[];
  /** SIGKILL for the child when the thread that started it ends (contract 3.7). */
  readonly killWithParent: boolean;
  readonly newProcessGroup: boolean;
  /** RLIMIT_NOFILE of the child; undefined: ours, which the JavaScript runtime has raised. */
  readonly openFiles: { readonly soft: number; readonly hard: number } | undefined;
  /** What a record of the start may say beside the program's name. Arguments as such may hold secrets; none by default. */
  readonly told?: readonly string[] | undefined;
}

export interface ReapedProcess {
  readonly pid: number;
  /** Exit code, or 128 plus the signal. */
  readonly status: number;
}

const KILL_WITH_PARENT = 1;
const NEW_PROCESS_GROUP = 2;
const OPEN_FILES = 4;

/** The addon adds this to the error number when it was the change of directory that failed. */
const FAILED_DIRECTORY = 10_000;

function block(strings: readonly string[]): string {
  return strings.length === 0 ? '' : `${strings.join('\0')}\0`;
}

/**
 * Starts a program and returns its pid. The child has default signal dispositions, an empty signal mask and no
 * descriptor but those named. When it cannot be executed, the error is thrown here (`fork/exec /x: no such file or
 * directory`) and there is no exit to collect.
 */
export function spawn(request: SpawnRequest): number {
  const { path, argv, environment, directory, openFiles } = request;
  let flags = 0;
  if (request.killWithParent) flags |= KILL_WITH_PARENT;
  if (request.newProcessGroup) flags |= NEW_PROCESS_GROUP;
  if (openFiles !== undefined) flags |= OPEN_FILES;
  const result = native().spawn(
    path,
    block(argv),
    argv.length,
    block(environment),
    environment.length,
    directory,
    Int32Array.from(request.descriptors),
    flags,
    openFiles?.soft ?? 0,
    openFiles?.hard ?? 0,
  );
  if (result <= -FAILED_DIRECTORY) {
    throw new SystemError('chdir', -result - FAILED_DIRECTORY, directory);
  }
  return check(result, 'fork/exec', path);
}

const IMPOSSIBLE: ReadonlySet<number> = new Set([ERRNO.EBUSY, ERRNO.E2BIG, ERRNO.ENOMEM]);

/**
 * Goes on as a second process, detached as one that `spawn` starts: in a process group of its own, with /dev/null as
 * standard streams and no descriptor but those of the JavaScript runtime and `descriptors`. Its command line reads
 * `argv`.
 *
 * @returns the pid of the new process, 0 in it, and undefined where it cannot be: another thread runs in this process,
 *   which the new one would not have, `argv` is longer than the command line, or a second one of this size does not
 *   fit into the memory
 */
export function forkDetached(
  argv: readonly string[],
  descriptors: readonly number[],
): number | undefined {
  const result = native().forkDetached(Int32Array.from(descriptors), block(argv));
  if (IMPOSSIBLE.has(-result)) return undefined;
  return check(result, 'fork');
}

const pairs = new Int32Array(64);

/** Collects every child that is dead, without waiting for any. */
export function reapExited(): ReapedProcess[] {
  const exited: ReapedProcess[] = [];
  for (;;) {
    const count = check(native().reapExited(pairs), 'wait4');
    for (let index = 0; index < count; index += 1) {
      exited.push({ pid: pairs[index * 2] ?? 0, status: pairs[index * 2 + 1] ?? 0 });
    }
    if (count * 2 < pairs.length) return exited;
  }
}

/** kill(2). A negative pid means a process group. */
export function sendSignal(pid: number, signal: number): void {
  check(native().sendSignal(pid, signal), 'kill');
}

/** Is there a process with this pid? One that is dead but not reaped is. */
export function processExists(pid: number): boolean {
  try {
    sendSignal(pid, 0);
    return true;
  } catch (error) {
    return !isSystemError(error, 'ESRCH');
  }
}

/** A descriptor that stands for this very process, whatever becomes of its pid. Readable when the process is dead. */
export function openPidfd(pid: number): number {
  return check(native().openPidfd(pid), 'pidfd_open');
}

/** Signals the process behind a pidfd; ESRCH when it has been collected. */
export function sendSignalThroughPidfd(pidfd: number, signal: number): void {
  check(native().sendSignalThroughPidfd(pidfd, signal), 'pidfd_send_signal');
}

/** Orphans below us become our children (contract 3.2). */
export function becomeSubreaper(): void {
  check(native().becomeSubreaper(), 'prctl');
}

/**
 * No transparent huge pages for this process: they only cost memory here. Programs that `spawn` starts get them as if this
 * had not been called: the kernel would hand the setting on, through the runtime into every container.
 */
export function disableHugePages(): void {
  check(native().disableHugePages(), 'prctl');
}

/** A core-scheduling cookie of our own for our process group, inherited by children (contract 3.1). */
export function createSchedulingCookie(): void {
  check(native().createSchedulingCookie(), 'prctl');
}

/** Sets a signal to be ignored, below the JavaScript runtime. Children start with the default again. */
export function ignoreSignal(signal: number): void {
  check(native().ignoreSignal(signal), 'sigaction');
}

/**
 * No SIGCHLD is delivered until `unmuteChildSignal`: nothing wakes up for a child that dies, which waits to be collected
 * as ever. It is done below the JavaScript runtime, whose handler stays what it is.
 */
export function muteChildSignal(): void {
  check(native().muteChildSignal(), 'sigaction');
}

/** Undoes `muteChildSignal`, if there is anything to undo; then one SIGCHLD comes, for all that may have been dropped. */
export function unmuteChildSignal(): void {
  check(native().unmuteChildSignal(), 'sigaction');
}

/** Takes a signal out of the mask of the calling thread. */
export function unblockSignal(signal: number): void {
  check(native().unblockSignal(signal), 'sigprocmask');
}

/** getppid(2). */
export function parentPid(): number {
  return native().parentPid();
}

/** Effective user and group of this process. */
export function effectiveUser(): { uid: number; gid: number } {
  check(native().effectiveUser(slots), 'geteuid');
  return { uid: slots[0] ?? 0, gid: slots[1] ?? 0 };
}

/**
 * Ends this process at once (_exit), without the teardown of the JavaScript runtime, which takes a millisecond. What
 * is buffered anywhere in it is lost.
 */
export function exitNow(status: number): never {
  return native().exitNow(status);
}
