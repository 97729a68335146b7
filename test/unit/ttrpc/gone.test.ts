import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { platform } from '../../../src/platform/runtime.ts';
import { closeFile, writeAll } from '../../../src/posix/files.ts';
import { connectUnix } from '../../../src/posix/sockets.ts';
import { FrameType, writeHeader } from '../../../src/ttrpc/frame.ts';
import { encodeRequest } from '../../../src/ttrpc/requestEnvelope.ts';
import type { Call } from '../../../src/ttrpc/server.ts';
import { deferred, start } from './harness.ts';

const headerLength = 10;

function request(streamId: number): Uint8Array {
  const payload = new Uint8Array(0);
  const fields = { service: 'test.Gone', method: 'Held', payload };
  const message = encodeRequest({ ...fields, timeoutNanos: 0, metadata: undefined });
  const frame = new Uint8Array(headerLength + message.length);
  writeHeader(frame, 0, message.length, streamId, FrameType.request, 0);
  frame.set(message, headerLength);
  return frame;
}

describe('a client that has closed its connection', () => {
  for (const parked of platform.name === 'bun' ? [false, true] : [false]) {
    const where = parked ? 'a parked connection' : 'a connection';
    test(`is found to have gone before the event loop tells it: ${where}`, async () => {
      const calls: Call[] = [];
      const all = deferred<void>();
      const held = deferred<Uint8Array>();
      const running = await start({
        services: [
          {
            name: 'test.Gone',
            unary: new Map([
              [
                'Held',
                (_: Uint8Array, call: Call) => {
                  calls.push(call);
                  if (calls.length === 2) all.resolve();
                  return held.promise;
                },
              ],
            ]),
          },
        ],
      });
      try {
        const [staying, going] = [connectUnix(running.path, 1000), connectUnix(running.path, 1000)];
        writeAll(staying, request(1));
        writeAll(going, request(1));
        await all.promise;
        if (parked) platform.parkConnections(() => {});
        assert.deepEqual(
          calls.map((call) => call.hasGone()),
          [false, false],
        );
        // What it has sent and nobody has read does not hide it.
        writeAll(going, request(3));
        closeFile(going);
        assert.deepEqual(
          calls.map((call) => call.cancelled),
          [false, false],
        );
        assert.equal(calls.filter((call) => call.hasGone()).length, 1);
        closeFile(staying);
      } finally {
        held.resolve(new Uint8Array(0));
        await running.close();
      }
    });
  }
});
