import { ForwardRequest } from '../proto/messages.ts';
import { now } from '../proto/timestamp.ts';
import type { EventType } from './topics.ts';

/**
 * Encodes the request that forwards one event to the daemon, stamped with the present time (contract 9.2).
 *
 * @param namespace the server's, not that of the RPC that caused the event
 * @param event the encoded event message
 */
export function encodeForwardRequest(
  namespace: string,
  { topic, typeName }: EventType,
  event: Uint8Array,
): Uint8Array {
  return ForwardRequest.encode({
    envelope: {
      timestamp: now(),
      namespace,
      topic,
      event: { typeUrl: typeName, value: event },
    },
  }).finish();
}
