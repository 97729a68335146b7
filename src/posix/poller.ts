import { native } from './addon.ts';
import { errnoCode } from './errno.ts';
import { check, ERRNO, SystemError } from './error.ts';

/** Why a movement ended: the code of a system error, or undefined at the end of the source. */
export interface MovementEnd {
  /** Bytes that the destination has taken. */
  readonly bytes: number;
  readonly error: string | undefined;
}

export interface Movement {
  /** Bytes that the destination has taken so far. */
  readonly bytes: number;
  /**
   * The process behind a terminal is gone: what is still there is moved, and then "nothing there" or EIO is the end
   * (contract 7.4). Means nothing to other sources.
   */
  finish(): void;
  /** When it returns, the descriptors are not used any more. `ended` is not called afterwards. */
  cancel(): void;
}

export interface MovementRequest {
  readonly source: number;
  readonly destination: number;
  /** The source is a pty master. */
  readonly terminal: boolean;
}

export interface Watch {
  /** When it returns, the descriptor is not used any more. `ready` is not called afterwards. */
  cancel(): void;
}

interface Entry {
  /** Takes note of what happened, before anybody is told anything. */
  settle(bytes: number): void;
  tell(errno: number): void;
}

/** By the number that the addon gave. */
const entries: (Entry | undefined)[] = [];
let started = false;

function start(): void {
  if (started) return;
  check(native().startPoller(dispatch), 'epoll_create');
  started = true;
}

/** Triples of slot, bytes and error number. A listener that throws does not keep the others from being told. */
function dispatch(notices: Float64Array): void {
  const told: { entry: Entry; errno: number }[] = [];
  for (let index = 0; index < notices.length; index += 3) {
    const entry = entries[notices[index] ?? -1];
    if (entry === undefined) continue;
    entry.settle(notices[index + 1] ?? 0);
    told.push({ entry, errno: notices[index + 2] ?? 0 });
  }
  for (const { entry, errno } of told) {
    try {
      entry.tell(errno);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

class PolledMovement implements Movement, Entry {
  readonly #slot: number;
  readonly #ended: (end: MovementEnd) => void;
  #state: 'moving' | 'ended' | 'cancelled' = 'moving';
  #bytes = 0;

  constructor(slot: number, ended: (end: MovementEnd) => void) {
    this.#slot = slot;
    this.#ended = ended;
    entries[slot] = this;
  }

  get bytes(): number {
    return this.#state === 'moving' ? native().movementBytes(this.#slot) : this.#bytes;
  }

  finish(): void {
    if (this.#state === 'moving') native().finishMovement(this.#slot);
  }

  cancel(): void {
    if (this.#state === 'moving') {
      this.#bytes = native().cancelPolled(this.#slot);
      entries[this.#slot] = undefined;
    }
    this.#state = 'cancelled';
  }

  settle(bytes: number): void {
    this.#state = 'ended';
    this.#bytes = bytes;
    entries[this.#slot] = undefined;
  }

  tell(errno: number): void {
    if (this.#state !== 'ended') return;
    this.#ended({ bytes: this.#bytes, error: errno === 0 ? undefined : errnoCode(errno) });
  }
}

class PolledWatch implements Watch, Entry {
  readonly #slot: number;
  readonly #ready: () => void;
  #cancelled = false;

  constructor(slot: number, ready: () => void) {
    this.#slot = slot;
    this.#ready = ready;
    entries[slot] = this;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    native().cancelPolled(this.#slot);
    entries[this.#slot] = undefined;
  }

  settle(): void {}

  tell(): void {
    if (!this.#cancelled) this.#ready();
  }
}

/**
 * Moves everything that comes out of one descriptor into another, in the addon's thread, until the source ends or one of
 * them fails. The descriptors stay the caller's and have to be open until the end or cancel(). Those that can be polled
 * have to be O_NONBLOCK (EINVAL). A destination that nobody reads any more is EPIPE at the next byte.
 */
export function startMovement(
  request: MovementRequest,
  ended: (end: MovementEnd) => void,
): Movement {
  start();
  const { source, destination, terminal } = request;
  const slot = native().startMovement(source, destination, terminal);
  if (slot === -ERRNO.EINVAL) {
    const message = `movement from ${source} to ${destination}: both have to be non-blocking`;
    throw new SystemError('splice', ERRNO.EINVAL, undefined, message);
  }
  return new PolledMovement(check(slot, 'epoll_ctl'), ended);
}

/**
 * Calls `ready` when there is something to read, once at the start if there is, and again whenever more arrives or the
 * other end goes away. Several arrivals may be one call: read until nothing is left.
 */
export function watchReadable(descriptor: number, ready: () => void): Watch {
  start();
  return new PolledWatch(check(native().startWatch(descriptor), 'epoll_ctl'), ready);
}
