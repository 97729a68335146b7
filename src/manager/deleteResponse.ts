import type { Instant } from '../events/exitJournal.ts';
import { messageField, numberField } from './protobuf.ts';

/** The pid that stands for "not known": -1 as uint32 (contract 1.9). */
export const UNKNOWN_PID = 0xffffffff;

/** `containerd.task.v2.DeleteResponse`, the answer of `delete` on stdout. */
export function encodeDeleteResponse(pid: number, status: number, exitedAt: Instant): Uint8Array {
  const timestamp = [...numberField(1, exitedAt.seconds), ...numberField(2, exitedAt.nanos)];
  return Uint8Array.from([
    ...numberField(1, pid),
    ...numberField(2, status),
    ...messageField(3, timestamp),
  ]);
}
