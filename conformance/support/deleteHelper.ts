import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DeleteResponse } from '../../src/proto/messages.ts';
import { killQuietly, waitForEnd } from '../../test/support/processes.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import type { ShimResult } from '../../test/support/shimRun.ts';
import type { CaseContext } from './context.ts';
import { SOON, within } from './within.ts';

export async function killShim(pod: ShimPod): Promise<void> {
  killQuietly(pod.pid);
  await waitForEnd(pod.pid);
}

/** What the daemon does when a connection to a shim closes. */
export function tryDelete(context: CaseContext, pod: ShimPod, id: string): Promise<ShimResult> {
  const bundle = join(pod.sandbox.directory, id);
  const words = [...pod.sandbox.flags(id), '-bundle', bundle, 'delete'];
  const invocation = { directory: bundle, words, environment: { TTRPC_ADDRESS: pod.events.path } };
  return within(SOON, '`delete`', context.runShim(invocation));
}

/** The same; it has to succeed. */
export async function runDelete(context: CaseContext, pod: ShimPod, id: string) {
  const result = await tryDelete(context, pod, id);
  assert.equal(result.status, 0, `\`delete\` ended with ${result.status}: ${result.stderr}`);
  return { ...DeleteResponse.decode(result.stdout), stderr: result.stderr };
}
