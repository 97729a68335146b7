import { native } from './addon.ts';
import { check } from './error.ts';
import { readSome } from './files.ts';

/**
 * A counter that the kernel can be told to raise, and that can be watched with watchReadable. The
 * caller owns the descriptor and closes it with closeFile. O_CLOEXEC and O_NONBLOCK.
 */
export function createEventCounter(): number {
  return check(native().createEventCounter(), 'eventfd2');
}

/** What was added to the counter since the last call. It starts again from 0. */
export function takeEvents(counter: number): number {
  const bytes = readSome(counter, 8);
  if (bytes === undefined) return 0;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}
