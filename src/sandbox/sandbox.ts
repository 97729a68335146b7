import type { Cancellation } from '../platform/cancellation.ts';
import type { AnyValue } from '../proto/any.ts';
import type { ProcessExit } from '../task/process.ts';
import { Waiters } from '../task/waiters.ts';
import { failedPrecondition } from '../ttrpc/status.ts';
import type { SandboxHolder } from './holder.ts';

export type SandboxState = 'created' | 'ready' | 'stopped';

/** One sandbox, from CreateSandbox to ShutdownSandbox (contract 13). */
export class Sandbox {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt = Date.now();
  readonly #holder: SandboxHolder;
  readonly #waiters = new Waiters();
  #state: SandboxState = 'created';
  #starting = false;
  #exit: ProcessExit | undefined;

  constructor(id: string, holder: SandboxHolder) {
    this.id = id;
    this.#holder = holder;
    holder.onEnd((exit) => {
      this.#exit = exit;
      this.#state = 'stopped';
      this.#waiters.releaseAll();
    });
  }

  get state(): SandboxState {
    return this.#state;
  }

  get pid(): number {
    return this.#holder.pid;
  }

  /** Undefined while it lives. */
  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  describe(): string {
    return this.#holder.describe();
  }

  stats(): Promise<AnyValue | undefined> {
    return this.#holder.stats();
  }

  /** @throws StatusError FailedPrecondition when it was started before */
  async start(call: Cancellation): Promise<void> {
    if (this.#state !== 'created' || this.#starting) {
      throw failedPrecondition(`sandbox ${this.id} was started before`);
    }
    this.#starting = true;
    try {
      await this.#holder.start(call);
      if (this.#exit === undefined) this.#state = 'ready';
    } finally {
      this.#starting = false;
    }
  }

  /** Waits for the end. @returns undefined when it is over */
  wait(call: Cancellation): Promise<void> | undefined {
    return this.#waiters.wait(call);
  }

  stop(call: Cancellation): Promise<void> {
    return this.#holder.stop(call);
  }

  remove(): Promise<void> {
    return this.#holder.remove();
  }
}
