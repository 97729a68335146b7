import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FrameFlag, FrameType } from '../../../src/ttrpc/frame.ts';
import { encodeRequest } from '../../../src/ttrpc/requestEnvelope.ts';
import { decodeResponse } from '../../../src/ttrpc/responseEnvelope.ts';
import type { ServerStream, StreamHandler } from '../../../src/ttrpc/server.ts';
import { Code, StatusError } from '../../../src/ttrpc/status.ts';
import { deferred, RawClient, type Running, start } from './harness.ts';

const empty: Uint8Array = new Uint8Array(0);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function handler(
  clientStreaming: boolean,
  serverStreaming: boolean,
  handle: (stream: ServerStream) => Promise<Uint8Array | undefined>,
): StreamHandler {
  return { clientStreaming, serverStreaming, handle };
}

describe('streams', () => {
  let running: Running;
  const neverRead = deferred<StatusError>();

  before(async () => {
    running = await start({
      services: [
        {
          name: 'test.Streams',
          unary: new Map([['Sync', (payload: Uint8Array) => payload]]),
          streams: new Map<string, StreamHandler>([
            [
              'Echo',
              handler(true, true, async (stream) => {
                for (;;) {
                  const message = await stream.receive();
                  if (message === undefined) return undefined;
                  stream.send(message);
                }
              }),
            ],
            [
              'Sum',
              handler(true, false, async (stream) => {
                let sum = 0;
                for (;;) {
                  const message = await stream.receive();
                  if (message === undefined) return Uint8Array.of(sum);
                  for (const value of message) sum += value;
                }
              }),
            ],
            [
              'Count',
              handler(false, true, async (stream) => {
                const request = await stream.receive();
                for (let index = 0; index < (request?.[0] ?? 0); index += 1) {
                  stream.send(Uint8Array.of(index));
                }
                assert.equal(await stream.receive(), undefined);
                return undefined;
              }),
            ],
            [
              'Flood',
              handler(false, true, async (stream) => {
                for (let index = 0; index < 200; index += 1) {
                  stream.send(new Uint8Array(65_536));
                  await stream.flushed();
                }
                return undefined;
              }),
            ],
            [
              'Fail',
              handler(true, true, async (stream) => {
                stream.send(bytes('first'));
                throw new StatusError(Code.Aborted, 'no more');
              }),
            ],
            [
              'NeverRead',
              handler(true, true, (stream) => {
                return new Promise((_resolve, reject) => {
                  stream.call.onCancel((reason) => {
                    neverRead.resolve(reason as StatusError);
                    reject(reason);
                  });
                });
              }),
            ],
          ]),
        },
      ],
    });
  });
  after(() => running.close());

  const both = { clientStreaming: true, serverStreaming: true };

  test('go both ways at once', async () => {
    const stream = running.client.openStream('test.Streams', 'Echo', both);
    for (const text of ['a', '', 'b']) {
      stream.send(bytes(text));
      assert.deepEqual(await stream.receive(), bytes(text));
    }
    stream.closeSend();
    assert.equal(await stream.receive(), undefined);
    assert.throws(() => stream.send(empty), { message: 'ttrpc: stream closed' });
  });

  test('take a first message with the request', async () => {
    const stream = running.client.openStream('test.Streams', 'Echo', {
      ...both,
      payload: bytes('first'),
    });
    assert.deepEqual(await stream.receive(), bytes('first'));
    stream.closeSend();
    assert.equal(await stream.receive(), undefined);
  });

  test('from the client end in one response', async () => {
    const stream = running.client.openStream('test.Streams', 'Sum', {
      clientStreaming: true,
      serverStreaming: false,
    });
    for (let value = 1; value <= 10; value += 1) stream.send(Uint8Array.of(value));
    stream.closeSend();
    assert.deepEqual(await stream.receive(), Uint8Array.of(55));
    assert.equal(await stream.receive(), undefined);
  });

  test('from the server follow one request', async () => {
    const stream = running.client.openStream('test.Streams', 'Count', {
      clientStreaming: false,
      serverStreaming: true,
      payload: Uint8Array.of(3),
    });
    const seen: number[] = [];
    for (let message = await stream.receive(); message; message = await stream.receive()) {
      seen.push(message[0] ?? -1);
    }
    assert.deepEqual(seen, [0, 1, 2]);
  });

  test('end with the error of their handler', async () => {
    const stream = running.client.openStream('test.Streams', 'Fail', both);
    const expected = { name: 'StatusError', code: Code.Aborted, message: 'no more' };
    // What was sent before an error may be dropped with it.
    await assert.rejects(
      (async () => {
        while ((await stream.receive()) !== undefined);
      })(),
      expected,
    );
    await assert.rejects(stream.receive(), expected);
  });

  test('that do not exist are Unimplemented', async () => {
    const stream = running.client.openStream('test.Streams', 'Nothing', both);
    await assert.rejects(stream.receive(), { code: Code.Unimplemented, message: 'method Nothing' });
  });

  test('that nobody reads fail alone, and delay nobody', async () => {
    const stream = running.client.openStream('test.Streams', 'NeverRead', both);
    for (let index = 0; index < 200; index += 1) stream.send(Uint8Array.of(index));
    assert.deepEqual(await running.client.call('test.Streams', 'Sync', bytes('x')), bytes('x'));
    const reason = await neverRead.promise;
    const text = 'data handling error: ttrpc: stream buffer full';
    assert.equal(reason.message, text);
    await assert.rejects(stream.receive(), { code: Code.InvalidArgument, message: text });
    assert.deepEqual([...running.server.inFlight()], []);
  });

  test('of a client that does not read its connection delay no other connection', async () => {
    const raw = await RawClient.connect(running.path);
    raw.connection.pause();
    const request = { service: 'test.Streams', method: 'Flood', payload: empty };
    raw.send(1, FrameType.request, FrameFlag.remoteClosed, encodeRequest(request));
    while ([...running.server.inFlight()].length === 0) {
      await running.client.call('test.Streams', 'Sync', bytes('x'));
    }
    for (let turn = 0; turn < 100; turn += 1) {
      await running.client.call('test.Streams', 'Sync', bytes('x'));
    }
    assert.equal([...running.server.inFlight()].length, 1);
    raw.connection.resume();
    let received = 0;
    for (;;) {
      const frame = await raw.receive();
      if ((frame.flags & FrameFlag.remoteClosed) !== 0) break;
      received += frame.data.length;
    }
    assert.equal(received, 200 * 65_536);
    raw.connection.destroy();
    await raw.closed;
  });

  test('that break the rules are told so', async () => {
    const raw = await RawClient.connect(running.path);
    const request = encodeRequest({
      service: 'test.Streams',
      method: 'Sum',
      payload: undefined,
    });
    const failure = async (streamId: number): Promise<string> => {
      const frame = await raw.receive();
      assert.equal(frame.streamId, streamId);
      const answer = decodeResponse(frame.data, 0, frame.data.length);
      assert.ok(answer instanceof StatusError && answer.code === Code.InvalidArgument);
      return answer.message;
    };
    raw.send(1, FrameType.request, FrameFlag.remoteOpen, request);
    raw.send(1, FrameType.data, FrameFlag.remoteClosed, Uint8Array.of(1));
    assert.equal(await failure(1), 'data close message cannot include data');
    raw.send(1, FrameType.data, 0, Uint8Array.of(1));
    assert.equal(await failure(1), 'StreamID is no longer active');
    raw.send(3, FrameType.request, FrameFlag.remoteOpen, request);
    raw.send(3, FrameType.data, FrameFlag.remoteClosed | FrameFlag.noData, empty);
    raw.send(3, FrameType.data, 0, Uint8Array.of(1));
    assert.equal(await failure(3), 'data handling error: ttrpc: stream closed');
    raw.connection.destroy();
    await raw.closed;
  });

  test('end when the connection closes', async () => {
    const { Client } = await import('../../../src/ttrpc/client.ts');
    const client = await Client.connect(running.path);
    const stream = client.openStream('test.Streams', 'Echo', both);
    const pending = stream.receive();
    client.close();
    await assert.rejects(pending, { message: 'ttrpc: closed' });
  });
});
