import { O_DIRECTORY, O_RDONLY } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { closeFile, lockFile, openFile } from '../posix/files.ts';
import { fileStatus, linkStatus, makeDirectories, removeFile } from '../posix/paths.ts';
import { effectiveUser } from '../posix/processes.ts';
import { connectUnix, listenUnix } from '../posix/sockets.ts';
import { failure } from './failure.ts';
import { parentDirectory } from './path.ts';

/** Time in which a living server's listener takes a connection (contract 2.3). */
const PROBE_MILLISECONDS = 100;

const BACKLOG = 4096;
const DIRECTORY_MODE = 0o700;
const OTHERS_MAY_WRITE = 0o022;

/** A listening socket that this process made, and may have to unmake. */
export interface ListeningSocket {
  readonly descriptor: number;
  readonly path: string;
}

/**
 * Takes a group's socket: listens on the path, or finds that a living server does.
 *
 * Whoever looks at the path and acts on what he saw holds a lock on the directory, from bind(2) to
 * listen(2) as well as from the probe to unlink(2). So no helper sees a socket that does not listen
 * yet, nor unlinks one that another helper has just made.
 *
 * @returns undefined when a living server has it.
 */
export function claimSocket(path: string): ListeningSocket | undefined {
  return withLockedDirectory(parentDirectory(path), () => listenOrReuse(path));
}

/** Listens on a path that only this process may use; what was there goes away. */
export function replaceSocket(path: string): ListeningSocket {
  return withLockedDirectory(parentDirectory(path), () => listenAnew(path));
}

/** Undoes a claim. The path goes first: while the socket listens, no helper replaces it. */
export function abandonSocket(socket: ListeningSocket): void {
  removeFile(socket.path);
  closeFile(socket.descriptor);
}

/**
 * Removes what a killed server left behind; the socket of a living one stays, for other containers of its group use it.
 * The reference leaves such files until the same name comes again (containerd#5173).
 *
 * @returns whether there was one
 */
export function removeDeadSocket(path: string): boolean {
  if (!isSocket(path)) return false;
  return withLockedDirectory(
    parentDirectory(path),
    () => isSocket(path) && !hasListener(path) && removeFile(path),
  );
}

function isSocket(path: string): boolean {
  try {
    return linkStatus(path).type === 'socket';
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return false;
    throw error;
  }
}

function listenOrReuse(path: string): ListeningSocket | undefined {
  try {
    return { descriptor: listenUnix(path, BACKLOG), path };
  } catch (error) {
    if (!isSystemError(error, 'EADDRINUSE')) {
      throw failure('create new shim socket', error);
    }
  }
  return hasListener(path) ? undefined : listenAnew(path);
}

function listenAnew(path: string): ListeningSocket {
  try {
    removeFile(path);
  } catch (error) {
    throw failure('remove pre-existing socket', error);
  }
  try {
    return { descriptor: listenUnix(path, BACKLOG), path };
  } catch (error) {
    throw failure('try create new shim socket 2x', error);
  }
}

/**
 * Whether somebody listens on a path. A full backlog is somebody, too. Where the kernel gives no
 * answer (no descriptor left, say), nothing may be concluded, least of all that the path is free.
 */
function hasListener(path: string): boolean {
  try {
    closeFile(connectUnix(path, PROBE_MILLISECONDS));
    return true;
  } catch (error) {
    const code = isSystemError(error) ? error.code : '';
    if (code === 'ETIMEDOUT' || code === 'EAGAIN') {
      return true;
    }
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EPROTOTYPE') {
      return false;
    }
    throw failure('probe shim socket', error);
  }
}

function withLockedDirectory<Result>(directory: string, action: () => Result): Result {
  const descriptor = openDirectory(directory);
  try {
    refuseForeignDirectory(descriptor, directory);
    lockFile(descriptor);
    return action();
  } finally {
    closeFile(descriptor);
  }
}

/** Who else can write to the directory can put a listener of his own in the group's place, and the daemon would talk to it. */
function refuseForeignDirectory(descriptor: number, path: string): void {
  const { uid, mode } = fileStatus(descriptor);
  if (uid !== effectiveUser().uid || (mode & OTHERS_MAY_WRITE) !== 0) {
    throw new Error(
      `socket directory ${path} is not a directory that only its owner, this user, can write to`,
    );
  }
}

function openDirectory(path: string): number {
  try {
    return openFile(path, O_RDONLY | O_DIRECTORY);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) {
      throw failure('create new shim socket', error);
    }
  }
  try {
    makeDirectories(path, DIRECTORY_MODE);
  } catch (error) {
    throw failure(`mkdir failed for ${path}`, error);
  }
  return openFile(path, O_RDONLY | O_DIRECTORY);
}
