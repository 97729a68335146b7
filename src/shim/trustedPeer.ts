import type { Connection } from '../platform/runtime.ts';
import { effectiveUser } from '../posix/processes.ts';
import { peerCredentials } from '../posix/sockets.ts';

/** Only processes of the shim's own user and group may talk to it (contract 3.2 step 7). */
export function isTrustedPeer(connection: Connection): boolean {
  const peer = peerCredentials(connection.descriptor);
  const own = effectiveUser();
  return peer.uid === own.uid && peer.gid === own.gid;
}
