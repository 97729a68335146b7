import type { CgroupV2 } from './cgroup.ts';
import { watchModifications } from './fileModifications.ts';
import { lookAtKeyValues } from './keyValues.ts';
import type { OomWatch } from './oom.ts';
import type { Unsigned64 } from './unsigned64.ts';

/**
 * Watches memory.events of a v2 cgroup. The kernel reports a modification for other counters too, at
 * most once in 10 ms, so the file says whether there was a kill.
 */
export function watchOomV2(cgroup: CgroupV2, onOom: () => void): OomWatch {
  return new OomWatchV2(`${cgroup.directory}/memory.events`, onOom);
}

class OomWatchV2 implements OomWatch {
  readonly #file: string;
  readonly #onOom: () => void;
  readonly #stop: () => void;
  #reported: Unsigned64 = 0;
  #closed = false;

  constructor(file: string, onOom: () => void) {
    this.#file = file;
    this.#onOom = onOom;
    this.#stop = watchModifications(file, () => this.readLast());
  }

  readLast(): void {
    if (this.#closed) return;
    // Missing when the cgroup is gone, which is no error (contract 10).
    const kills = lookAtKeyValues(this.#file)?.get('oom_kill') ?? 0;
    if (kills <= this.#reported) return;
    this.#reported = kills;
    this.#onOom();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
  }
}
