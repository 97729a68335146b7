import { sendSignal } from '../posix/processes.ts';
import type { Exit } from './exit.ts';

/**
 * A process that the shim started for itself. It holds its pid from the spawn until it is reaped and not a moment
 * longer, so neither a wait nor a signal can reach a stranger who was given the same number later.
 */
export class Command {
  readonly pid: number;
  #exit: Exit | undefined;
  #waiters: ((exit: Exit) => void)[] = [];

  constructor(pid: number) {
    this.pid = pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  wait(): Promise<Exit> {
    const exit = this.#exit;
    if (exit !== undefined) return Promise.resolve(exit);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Sends a signal; without effect once the process is reaped. */
  kill(signal: number): void {
    if (this.#exit === undefined) sendSignal(this.pid, signal);
  }

  /** For the reaper. */
  settle(exit: Exit): void {
    this.#exit = exit;
    for (const waiter of this.#waiters.splice(0)) waiter(exit);
  }
}
