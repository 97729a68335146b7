import { isSystemError } from '../posix/error.ts';
import { readSome } from '../posix/files.ts';
import {
  addInotifyWatch,
  createInotify,
  IN_IGNORED,
  IN_MODIFY,
  IN_Q_OVERFLOW,
  parseInotifyEvents,
  removeInotifyWatch,
} from '../posix/inotify.ts';
import { watchOwned } from './watchOwned.ts';

type Listener = () => void;

/**
 * The one inotify instance of this process: a user has 128 by default, fewer than the containers a node
 * may run. It stays open, because closing one makes the kernel wait for a grace period of about 10 ms.
 */
interface Instance {
  readonly descriptor: number;
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
  instance ??= openInstance();
  const { descriptor, listeners } = instance;
  const watch = addInotifyWatch(descriptor, path, IN_MODIFY);
  const sharing = listeners.get(watch) ?? new Set();
  listeners.set(watch, sharing.add(listener));
  return () => {
    sharing.delete(listener);
    // After the removal of the file the kernel has dropped the watch already.
    if (sharing.size > 0 || listeners.get(watch) !== sharing) return;
    listeners.delete(watch);
    removeIfThere(descriptor, watch);
  };
}

function openInstance(): Instance {
  const opened: Instance = { descriptor: createInotify(), listeners: new Map() };
  watchOwned(opened.descriptor, () => dispatch(opened));
  return opened;
}

function removeIfThere(descriptor: number, watch: number): void {
  try {
    removeInotifyWatch(descriptor, watch);
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error;
  }
}

function dispatch({ descriptor, listeners }: Instance): void {
  for (;;) {
    const bytes = readSome(descriptor, 4096);
    if (bytes === undefined || bytes.length === 0) return;
    for (const { watch, mask } of parseInotifyEvents(bytes)) {
      const called = (mask & IN_Q_OVERFLOW) === 0 ? listeners.get(watch) : everyone(listeners);
      for (const listener of [...(called ?? [])]) listener();
      if ((mask & IN_IGNORED) !== 0) listeners.delete(watch);
    }
  }
}

/** All, when the kernel's queue overflowed and nobody knows whose events were lost. */
function everyone(listeners: ReadonlyMap<number, ReadonlySet<Listener>>): Listener[] {
  return [...listeners.values()].flatMap((each) => [...each]);
}
