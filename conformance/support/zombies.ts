import { listProcesses } from '../../test/support/processes.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';

/** Dead children that the shim has not waited for. */
export function zombiesOf(pod: ShimPod): number {
  return listProcesses().filter(({ parent, state }) => parent === pod.pid && state === 'Z').length;
}
