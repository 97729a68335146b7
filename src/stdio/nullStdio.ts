import type { ProcessStdio, RuntimeStdio } from './processStdio.ts';

/** No path at all: /dev/null thrice, open for reading and writing (contract 7.2). */
export class NullStdio implements ProcessStdio {
  readonly forRuntime: RuntimeStdio = { descriptors: [-1, -1, -1] };

  attach(): Promise<void> {
    return Promise.resolve();
  }

  processExited(): void {}

  expectNoReader(): void {}

  drained(): Promise<boolean> {
    return Promise.resolve(true);
  }

  resize(): void {}

  closeStdin(): void {}

  close(): void {}

  settled(): Promise<void> {
    return Promise.resolve();
  }

  describe(): string {
    return 'none';
  }
}
