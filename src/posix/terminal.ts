import { native } from './addon.ts';
import { check, SystemError } from './error.ts';
import { slots } from './native.ts';

export interface Terminal {
  readonly master: number;
  readonly slavePath: string;
}

/** A new pseudo terminal. The master is blocking, with O_CLOEXEC. */
export function openTerminal(): Terminal {
  const slavePath = native().openTerminal(slots);
  if (typeof slavePath === 'number') throw new SystemError('open', -slavePath, '/dev/ptmx');
  return { master: slots[0] ?? -1, slavePath };
}

/** Sets the size in characters; the foreground processes get SIGWINCH. */
export function setWindowSize(descriptor: number, columns: number, rows: number): void {
  check(native().setWindowSize(descriptor, columns, rows), 'ioctl');
}

/** The size in characters. */
export function windowSize(descriptor: number): { columns: number; rows: number } {
  check(native().windowSize(descriptor, slots), 'ioctl');
  return { columns: slots[0] ?? 0, rows: slots[1] ?? 0 };
}
