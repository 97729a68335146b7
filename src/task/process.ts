import type { Cancellation } from '../platform/cancellation.ts';
import type { ProcessStdio, StdioPaths } from '../stdio/processStdio.ts';
import { Waiters } from './waiters.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a container's init and its exec processes have in common: a pid, an end, and stdio. */
export abstract class TaskProcess {
  /** The container's id for an init, the exec's own id for an exec. */
  readonly id: string;
  /** As the client gave them; State repeats them unchanged. */
  readonly paths: StdioPaths;
  readonly waiters = new Waiters();
  /** 0 until it is started; kept after the exit. */
  pid = 0;
  exit: ProcessExit | undefined;
  protected stdio: ProcessStdio | undefined;

  constructor(id: string, paths: StdioPaths) {
    this.id = id;
    this.paths = paths;
  }

  /** Waits for the recorded exit. @returns undefined when there is nothing to wait for (any more) */
  wait(call: Cancellation): Promise<void> | undefined {
    return this.waiters.wait(call);
  }

  /** Without effect where there is no terminal. */
  resize(columns: number, rows: number): void {
    this.stdio?.resize(columns, rows);
  }

  /** Lets go of the shim's own hold on stdin: the process sees EOF once the client's end is closed too. */
  closeStdin(): void {
    this.stdio?.closeStdin();
  }

  describeStdio(): string {
    return this.stdio?.describe() ?? 'no stdio';
  }

  /** Closes every stream; a logging binary gets its time to finish what it has (contract 7.6). */
  protected async closeStdio(): Promise<void> {
    this.stdio?.close();
    await this.stdio?.settled();
  }

  protected recordExit(exit: ProcessExit): void {
    this.exit = exit;
    this.stdio?.processExited();
  }
}
