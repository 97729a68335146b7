import { O_RDONLY } from '../posix/constants.ts';
import { createEventCounter, takeEvents } from '../posix/eventfd.ts';
import { closeFile, openFile } from '../posix/files.ts';
import type { Watch } from '../posix/poller.ts';
import type { CgroupV1 } from './cgroup.ts';
import { writeControl } from './controlFile.ts';
import { readKeyValues } from './keyValues.ts';
import type { OomWatch } from './oom.ts';
import type { Unsigned64 } from './unsigned64.ts';
import { watchOwned } from './watchOwned.ts';

/**
 * Watches a v1 memory cgroup. Every signal of the kernel is reported, as other shims do; the kills that
 * memory.oom_control counts tell which were reported already, and which came without a signal.
 */
export function watchOomV1(cgroup: CgroupV1, onOom: () => void): OomWatch {
  const directory = cgroup.directories.get('memory');
  if (directory === undefined)
    throw new Error('cgroups: memory cgroup not supported on this system');
  return new OomWatchV1(directory, onOom);
}

class OomWatchV1 implements OomWatch {
  readonly #controlFile: string;
  readonly #onOom: () => void;
  readonly #counter: number;
  readonly #watch: Watch;
  /** Kills that need no report any more. The kernel signals before it kills, so it may be ahead. */
  #covered = 0;
  #closed = false;

  constructor(directory: string, onOom: () => void) {
    this.#controlFile = `${directory}/memory.oom_control`;
    this.#onOom = onOom;
    this.#counter = armedCounter(directory, this.#controlFile);
    this.#watch = watchOwned(this.#counter, () => this.readLast());
  }

  readLast(): void {
    if (this.#closed) return;
    const signals = takeEvents(this.#counter);
    if (this.#shouldReport(signals, readKeyValues(this.#controlFile))) this.#onOom();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.cancel();
    closeFile(this.#counter);
  }

  #shouldReport(signals: number, control: ReadonlyMap<string, Unsigned64> | undefined): boolean {
    // The removal of the cgroup gives one signal. More than that was an OOM nobody could look at in
    // time, as systemd removes scopes when they become empty.
    if (control === undefined) return signals > 1;
    const counted = control.get('oom_kill');
    // Linux before 4.13 does not count.
    if (counted === undefined) return signals > 0;
    const kills = Number(counted);
    const report = signals > 0 || kills > this.#covered;
    // A kill in a cgroup below is signalled here and counted there, so signals do not add up for ever.
    const before = signals > 0 ? Math.min(this.#covered, kills) : this.#covered;
    this.#covered = Math.max(kills, before + signals);
    return report;
  }
}

/** An eventfd that the kernel signals on OOM in the cgroup (cgroup-v1/memory.rst, section 10). */
function armedCounter(directory: string, controlFile: string): number {
  const counter = createEventCounter();
  try {
    const control = openFile(controlFile, O_RDONLY);
    try {
      writeControl(`${directory}/cgroup.event_control`, `${counter} ${control}`);
    } finally {
      closeFile(control);
    }
    return counter;
  } catch (error) {
    closeFile(counter);
    throw error;
  }
}
