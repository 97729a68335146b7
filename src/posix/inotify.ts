import { native } from './addon.ts';
import { check } from './error.ts';

/** The file was written to. The kernel says so for the event files of cgroups as well. */
export const IN_MODIFY = 0x2;
/** Events were lost; the event names no watch. */
export const IN_Q_OVERFLOW = 0x4000;
/** The watch is gone, because it was removed or its file was. */
export const IN_IGNORED = 0x8000;

export interface InotifyEvent {
  /** What addInotifyWatch returned, -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
}

/**
 * An inotify instance, which can be watched with watchReadable. The caller owns the descriptor, reads
 * it with readSome and closes it with closeFile. O_CLOEXEC and O_NONBLOCK.
 */
export function createInotify(): number {
  return check(native().createInotify(), 'inotify_init1');
}

/** Watches a file. The same file gives the same watch again. */
export function addInotifyWatch(inotify: number, path: string, mask: number): number {
  return check(native().addInotifyWatch(inotify, path, mask), 'inotify_add_watch', path);
}

/** Ends a watch. EINVAL when it is gone already. */
export function removeInotifyWatch(inotify: number, watch: number): void {
  check(native().removeInotifyWatch(inotify, watch), 'inotify_rm_watch');
}

/** The events in what one read of an inotify instance gave (struct inotify_event, inotify(7)). */
export function parseInotifyEvents(bytes: Uint8Array): InotifyEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  const header = 16;
  for (let at = 0; at + header <= bytes.length; at += header + view.getUint32(at + 12, true)) {
    events.push({ watch: view.getInt32(at, true), mask: view.getUint32(at + 4, true) });
  }
  return events;
}
