import { writeFileSync } from 'node:fs';
import type { MessageInput, MessageType } from '../../src/proto/messages.ts';
import { encodeRequest } from '../../src/ttrpc/requestEnvelope.ts';

/** The bytes of one request, ready to be sent: what follows the header of its frame. */
export function prepareRequest<Request>(
  service: string,
  method: string,
  type: MessageType<Request>,
  request: MessageInput<Request>,
): Uint8Array {
  const payload = type.encode(request).finish();
  return encodeRequest({ service, method, payload, timeoutNanos: 0, metadata: undefined });
}

/** Writes a plan as bench/load/calls.c reads it: flows, each a list of requests. */
export function writePlan(path: string, flows: readonly (readonly Uint8Array[])[]): void {
  const parts: Uint8Array[] = [numberBytes(flows.length)];
  for (const steps of flows) {
    parts.push(numberBytes(steps.length));
    for (const step of steps) parts.push(numberBytes(step.length), step);
  }
  writeFileSync(path, Buffer.concat(parts));
}

function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
