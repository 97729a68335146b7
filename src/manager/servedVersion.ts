import { Client } from '../ttrpc/client.ts';
import { Code, StatusError } from '../ttrpc/status.ts';
import { TASK_API_VERSION } from './bootstrap.ts';

const OLDER_VERSION = 2;
const LIMIT_NANOS = 1_000_000_000;

/**
 * The version of the task API that a running server has: one that was started before an upgrade may be older than this
 * program, and the daemon believes what `start` says (containerd#10888). Without an answer in time it is taken for ours.
 */
export async function servedVersion(path: string): Promise<number> {
  let client: Client | undefined;
  try {
    client = await Client.connect(path);
    const service = `containerd.task.v${TASK_API_VERSION}.Task`;
    await client.call(service, 'Connect', new Uint8Array(0), { timeoutNanos: LIMIT_NANOS });
    return TASK_API_VERSION;
  } catch (error) {
    const isOlder = error instanceof StatusError && error.code === Code.Unimplemented;
    return isOlder ? OLDER_VERSION : TASK_API_VERSION;
  } finally {
    client?.close();
  }
}
