/** Nothing has happened for at least this long, and for less than twice as long. */
const quietMilliseconds = 4000;

/**
 * Has memory given back once the server has nothing to do. Between calls there is one timer, however many there were,
 * and when it has run out there is none: an idle server never wakes up.
 */
export class IdleWatch {
  readonly #giveBack: () => void;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #active = false;

  /** @param giveBack is called once for each time of quiet */
  constructor(giveBack: () => void, milliseconds = quietMilliseconds) {
    this.#giveBack = giveBack;
    this.#milliseconds = milliseconds;
  }

  /** Something is going on. Cheap: called for everything that a client sends. */
  touch(): void {
    this.#active = true;
    if (this.#timer === undefined) this.#wait();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#active = false;
    this.#timer = setTimeout(this.#check, this.#milliseconds);
    this.#timer.unref();
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    if (this.#active) this.#wait();
    else this.#giveBack();
  };
}
