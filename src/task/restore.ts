import type { Cancellation } from '../platform/cancellation.ts';
import type { ProcessStdio } from '../stdio/processStdio.ts';
import { claimInit } from './claimInit.ts';
import type { Container } from './container.ts';
import { watchCgroup } from './watchCgroup.ts';

/** Where CRIU finds what it wrote. */
export interface CheckpointImage {
  readonly imagePath: string;
  /** Of an incremental checkpoint: the one it builds on. Empty: there is none. */
  readonly parentPath: string;
}

/** The start of a container that was created from a checkpoint (contract 5.4, 8.9). */
export class Restore {
  readonly #container: Container;
  readonly #image: CheckpointImage;
  #attempted = false;

  constructor(container: Container, image: CheckpointImage) {
    this.#container = container;
    this.#image = image;
  }

  /** The runtime was asked: what a failure left there has to be removed by force. */
  get attempted(): boolean {
    return this.#attempted;
  }

  /**
   * Brings the processes back, with their streams. Exits are collected meanwhile: the restored init may die at once.
   * @param started is told the pid before its exit can be reported; it publishes TaskStart (I1)
   * @throws RuntimeError `OCI runtime restore failed: …`; nothing is left running
   */
  async run(
    stdio: ProcessStdio,
    call: Cancellation,
    started: (pid: number) => void,
  ): Promise<void> {
    const { context, id, options, runtime } = this.#container;
    const { criuWorkPath: workPath, noPivotRoot } = options;
    const collector = context.exits.collect();
    this.#attempted = true;
    try {
      await runtime.restore(
        id,
        { ...stdio.forRuntime, ...this.#image, workPath, noPivotRoot },
        call,
      );
      const pid = await this.#attach(stdio);
      watchCgroup(this.#container, pid);
      started(pid);
      claimInit(this.#container, pid, collector);
    } finally {
      collector.close();
    }
  }

  /** @returns the restored init's pid */
  async #attach(stdio: ProcessStdio): Promise<number> {
    const { bundle, context, id, runtime } = this.#container;
    try {
      await stdio.attach();
      return bundle.readInitPid();
    } catch (error) {
      // Without its streams or its pid nobody could do anything with it.
      await runtime.delete(id, true).catch((failure: unknown) => {
        context.logger.error({ id, error: failure }, 'clean-up after a failed restore');
      });
      throw error;
    }
  }
}
