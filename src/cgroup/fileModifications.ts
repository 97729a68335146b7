import { isSystemError } from '../posix/error.ts';
import { closeFile, readSome } from '../posix/files.ts';
import {
  addInotifyWatch,
  createInotify,
  IN_IGNORED,
  IN_MODIFY,
  IN_Q_OVERFLOW,
  parseInotifyEvents,
  removeInotifyWatch,
} from '../posix/inotify.ts';
import type { Watch } from '../posix/poller.ts';
import { watchOwned } from './watchOwned.ts';

type Listener = () => void;

/**
 * The one inotify instance of this process, open while anything is watched: a user has 128 instances
 * by default, fewer than the containers a node may run.
 */
interface Instance {
  readonly descriptor: number;
  readonly readable: Watch;
  /** By watch descriptor. Two watches of one file share theirs. */
  readonly listeners: Map<number, Set<Listener>>;
}

let instance: Instance | undefined;

/**
 * Calls `listener` after modifications of a file, several of them at once as one call. The removal of
 * the file calls it as well. Throws SystemError when the file cannot be watched.
 * @returns ends the watch; may be called once.
 */
export function watchModifications(path: string, listener: Listener): () => void {
  const current = instance ?? openInstance();
  let watch: number;
  try {
    watch = addInotifyWatch(current.descriptor, path, IN_MODIFY);
  } catch (error) {
    closeWhenUnused(current);
    throw error;
  }
  const listeners = current.listeners.get(watch) ?? new Set();
  current.listeners.set(watch, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) forget(current, watch, listeners);
    closeWhenUnused(current);
  };
}

function openInstance(): Instance {
  const descriptor = createInotify();
  const opened: Instance = {
    descriptor,
    readable: watchOwned(descriptor, () => dispatch(opened)),
    listeners: new Map(),
  };
  instance = opened;
  return opened;
}

function forget(from: Instance, watch: number, listeners: Set<Listener>): void {
  // After the removal of the file the kernel has dropped the watch already.
  if (from.listeners.get(watch) !== listeners) return;
  from.listeners.delete(watch);
  try {
    removeInotifyWatch(from.descriptor, watch);
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error;
  }
}

function closeWhenUnused(from: Instance): void {
  if (from !== instance || from.listeners.size > 0) return;
  instance = undefined;
  from.readable.cancel();
  closeFile(from.descriptor);
}

function dispatch(from: Instance): void {
  while (from === instance) {
    const bytes = readSome(from.descriptor, 4096);
    if (bytes === undefined || bytes.length === 0) return;
    for (const { watch, mask } of parseInotifyEvents(bytes)) {
      const called = (mask & IN_Q_OVERFLOW) === 0 ? from.listeners.get(watch) : all(from);
      for (const listener of [...(called ?? [])]) listener();
      if ((mask & IN_IGNORED) !== 0) from.listeners.delete(watch);
    }
  }
}

/** Everybody, when the kernel's queue overflowed and nobody knows whose events were lost. */
function all(from: Instance): Listener[] {
  return [...from.listeners.values()].flatMap((listeners) => [...listeners]);
}
