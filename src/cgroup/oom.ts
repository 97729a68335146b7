import type { Cgroup } from './cgroup.ts';
import { watchOomV1 } from './oomV1.ts';
import { watchOomV2 } from './oomV2.ts';

/** A running watch for OOM kills in one container's cgroup and the cgroups below it. */
export interface OomWatch {
  /**
   * One last look, at the exit of the container's init: reports before it returns when there was a
   * kill that has not been reported yet. So TaskOOM comes before TaskExit (contract 10).
   * Never throws.
   */
  readLast(): void;
  /** Ends the watch and frees its descriptors. May be called twice. */
  close(): void;
}

/**
 * Calls `onOom` when the kernel has killed a process in this cgroup for lack of memory. Several kills
 * between two looks give one call. Kills before this call count as well: they are reported at the
 * next look, so an OOM kill during the container's creation is not lost.
 *
 * Throws SystemError when the cgroup has no memory controller or is gone; the container runs on
 * without.
 */
export function watchOom(cgroup: Cgroup, onOom: () => void): OomWatch {
  return cgroup.version === 1 ? watchOomV1(cgroup, onOom) : watchOomV2(cgroup, onOom);
}
