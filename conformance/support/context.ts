import { Closers } from '../../test/support/closers.ts';
import { type PodOptions, ShimPod } from '../../test/support/shimPod.ts';
import { runShim, type ShimInvocation, ShimSandbox } from '../../test/support/shimRun.ts';
import { type Amounts, amountIn, type Size } from '../size.ts';
import type { ShimUnderTest } from './shimUnderTest.ts';

/** What a case gets: ways to start the shim, all of which end with the case. */
export class CaseContext {
  readonly shim: ShimUnderTest;
  readonly size: Size;
  readonly #closers = new Closers();

  constructor(shim: ShimUnderTest, size: Size) {
    this.shim = shim;
    this.size = size;
  }

  /** How much of something this run is to do. */
  amount(amounts: Amounts): number {
    return amountIn(this.size, amounts);
  }

  /** Starts the shim as a daemon does, in the form that it understands, with somebody who reads its log. */
  pod(options: PodOptions = {}): Promise<ShimPod> {
    return ShimPod.start({
      command: [this.shim.path],
      bootstrap: this.shim.bootstrap,
      log: 'read',
      stderrIfNone: '/dev/null',
      ...options,
      opened: (pod) => this.atEnd(() => pod.close()),
    });
  }

  /** Bundles to run the helpers in, without a server at first. */
  sandbox(): ShimSandbox {
    const sandbox = new ShimSandbox();
    this.atEnd(() => sandbox.close());
    return sandbox;
  }

  /** One invocation of the shim. A helper in a sandbox's or a pod's bundle that hangs is killed with it. */
  runShim(invocation: ShimInvocation) {
    return runShim({ command: [this.shim.path], ...invocation });
  }

  atEnd(work: () => void | Promise<void>): void {
    this.#closers.add(work);
  }

  /** The last first. One that fails does not keep the others from being done. */
  async close(): Promise<void> {
    await this.#closers.close();
  }
}
