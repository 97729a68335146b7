import { muteChildSignal, unmuteChildSignal } from '../posix/processes.ts';

/** Signals of which each comes so soon after the one before are a flood, from so many on. */
const soonMilliseconds = 1;
const floodSignals = 8;

/**
 * When exits come by the thousand, the signal for each costs more than all that is done about it: the kernel interrupts, the
 * runtime wakes its own event loop, JavaScript is called. So in a flood there are no signals. Once a millisecond is looked
 * who is dead, until a look finds nobody.
 */
export class ExitFlood {
  readonly #collect: () => number;
  #signals = 0;
  #latest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param collect collects whoever is dead. @returns how many that were */
  constructor(collect: () => number) {
    this.#collect = collect;
  }

  /** A signal came, and somebody was dead. */
  signalled(): void {
    const now = performance.now();
    this.#signals = now - this.#latest < soonMilliseconds ? this.#signals + 1 : 1;
    this.#latest = now;
    if (this.#signals < floodSignals || this.#timer !== undefined) return;
    muteChildSignal();
    this.#timer = setTimeout(this.#look, soonMilliseconds);
  }

  /** From now on there are signals again, whatever comes. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signals = 0;
    unmuteChildSignal();
  }

  readonly #look = (): void => {
    if (this.#collect() === 0) this.end();
    else this.#timer = setTimeout(this.#look, soonMilliseconds);
  };
}
