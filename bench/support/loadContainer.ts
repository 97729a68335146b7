import type { ContainerInput, ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import { handles } from './processFigures.ts';
import type { RowContext } from './rowContext.ts';

const SIGUSR1 = 10;

/** A container that runs the load generator, which does nothing until `go`. */
export interface LoadContainer {
  readonly id: string;
  go(): Promise<unknown>;
}

/** Starts it, with its standard output in a FIFO, and waits until it is ready. */
export async function startLoadContainer(
  context: RowContext,
  pod: ShimPod,
  words: readonly string[],
  { stdout, ...input }: Partial<ContainerInput> & { stdout: string },
): Promise<LoadContainer> {
  const options = pod.options({ binaryName: context.setting.runtime.path });
  const { id, pid } = await pod.run({
    args: ['/tmp/load', ...words],
    binds: { '/tmp/load': context.load.path },
    request: { options, stdout },
    ...input,
  });
  await waitUntil('the load generator waits for its signal', () => handles(pid, SIGUSR1));
  return { id, go: () => pod.client.kill(id, SIGUSR1) };
}
