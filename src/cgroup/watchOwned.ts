import { closeFile } from '../posix/files.ts';
import { type Watch, watchReadable } from '../posix/poller.ts';

/** Watches a descriptor that was made for nothing else: it is closed when it cannot be watched. */
export function watchOwned(descriptor: number, ready: () => void): Watch {
  try {
    return watchReadable(descriptor, ready);
  } catch (error) {
    closeFile(descriptor);
    throw error;
  }
}
