import { O_RDONLY } from '../posix/constants.ts';
import { createEventCounter, takeEvents } from '../posix/eventfd.ts';
import { closeFile, openFile } from '../posix/files.ts';
import type { Watch } from '../posix/poller.ts';
import type { CgroupV1 } from './cgroup.ts';
import { writeControl } from './controlFile.ts';
import type { OomWatch } from './oom.ts';
import { countKills, hasRisen, type KillCounts, readOomControl } from './oomControl.ts';
import { watchOwned } from './watchOwned.ts';

/** Waits between looks for a kill that was announced and is not counted yet, in milliseconds. */
const firstWait = 1;
const longestWait = 64;

/**
 * Watches a v1 memory cgroup. The kernel signals the eventfd *before* it picks a victim, sometimes again
 * while the victim is dying, and once more when the cgroup is removed. So a signal only starts the
 * looking: what is reported is a rise of `oom_kill` in memory.oom_control.
 */
export function watchOomV1(cgroup: CgroupV1, onOom: () => void): OomWatch {
  const directory = cgroup.directories.get('memory');
  if (directory === undefined)
    throw new Error('cgroups: memory cgroup not supported on this system');
  return new OomWatchV1(directory, onOom);
}

class OomWatchV1 implements OomWatch {
  readonly #directory: string;
  readonly #onOom: () => void;
  readonly #counter: number;
  readonly #watch: Watch;
  #kills: KillCounts = new Map();
  #announced = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(directory: string, onOom: () => void) {
    this.#directory = directory;
    this.#onOom = onOom;
    this.#counter = armedCounter(directory);
    this.#watch = watchOwned(this.#counter, () => this.#signalled());
  }

  readLast(): void {
    if (this.#closed) return;
    // What was announced before init died is counted by now, or was no kill.
    if (this.#look(takeEvents(this.#counter)) === 'nothing new') this.#settle(false);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watch.cancel();
    closeFile(this.#counter);
  }

  #signalled(): void {
    if (this.#closed) return;
    const signals = takeEvents(this.#counter);
    if (signals > 0 && this.#look(signals) === 'nothing new') this.#lookAgain(firstWait);
  }

  #lookAgain(wait: number): void {
    clearTimeout(this.#timer);
    this.#announced = wait <= longestWait;
    if (!this.#announced) return;
    this.#timer = setTimeout(() => {
      if (this.#look(0) === 'nothing new') this.#lookAgain(wait * 2);
    }, wait);
    this.#timer.unref();
  }

  #look(signals: number): 'nothing new' | 'settled' {
    const control = readOomControl(this.#directory);
    // The removal gives one signal. More than that, or one before it, was an OOM that nobody could
    // look at in time, as systemd removes scopes when they become empty.
    if (control === undefined) return this.#settle(this.#announced || signals > 1);
    // With the killer off the container stalls. That is all there is to report.
    if (control.killerOff) return this.#settle(signals > 0);
    // Linux before 4.13 does not count.
    if (control.kills === undefined) return this.#settle(signals > 0);
    // Each cgroup counts its own victims only, while the signal comes from all cgroups below.
    const searched = signals > 0 || this.#announced;
    const kills = searched
      ? countKills(this.#directory)
      : new Map([...this.#kills, [this.#directory, control.kills]]);
    const risen = hasRisen(this.#kills, kills);
    this.#kills = kills;
    return risen ? this.#settle(true) : 'nothing new';
  }

  #settle(report: boolean): 'settled' {
    clearTimeout(this.#timer);
    this.#announced = false;
    if (report) this.#onOom();
    return 'settled';
  }
}

/** An eventfd that the kernel signals on OOM in the cgroup (cgroup-v1/memory.rst, section 10). */
function armedCounter(directory: string): number {
  const counter = createEventCounter();
  try {
    const control = openFile(`${directory}/memory.oom_control`, O_RDONLY);
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
