import { type Figures, figuresOf } from './figures.ts';

/** Figures of one moment. */
export interface Sample extends Figures {
  /** Seconds since the phase began. */
  readonly at: number;
}

const FIRST_INTERVAL_MILLISECONDS = 100;
/** With more than these every second one is left out and the interval is doubled: a curve needs no more. */
const MOST_SAMPLES = 400;

/** Looks at a process now and then. A look reads /proc and costs the process itself nothing but a lock on its map. */
export class Sampler {
  #samples: Sample[] = [];
  readonly #pid: number;
  readonly #began = performance.now();
  #interval = FIRST_INTERVAL_MILLISECONDS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    this.#look();
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The most of each figure so far. */
  get peak(): Figures {
    const most = (figure: keyof Figures): number =>
      this.#samples.reduce((peak, sample) => Math.max(peak, sample[figure]), 0);
    return { memory: most('memory'), descriptors: most('descriptors'), threads: most('threads') };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    try {
      this.#samples.push({ at: (performance.now() - this.#began) / 1000, ...figuresOf(this.#pid) });
    } catch {
      // The process is gone: whoever uses it finds out.
      return;
    }
    if (this.#samples.length > MOST_SAMPLES) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
      this.#interval *= 2;
    }
    this.#timer = setTimeout(() => this.#look(), this.#interval);
  }
}
