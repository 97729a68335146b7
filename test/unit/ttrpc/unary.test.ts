import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { StateRequest, StateResponse } from '../../../src/proto/messages.ts';
import { Client, ConnectionClosedError } from '../../../src/ttrpc/client.ts';
import { FrameType, maximumLength, overLongText } from '../../../src/ttrpc/frame.ts';
import { encodeRequest } from '../../../src/ttrpc/requestEnvelope.ts';
import { decodeResponse } from '../../../src/ttrpc/responseEnvelope.ts';
import { type Call, Server, type UnaryHandler, unary } from '../../../src/ttrpc/server.ts';
import { Code, notFound, StatusError } from '../../../src/ttrpc/status.ts';
import { deferred, RawClient, type Running, start } from './harness.ts';

const empty: Uint8Array = new Uint8Array(0);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const reject = (code: Code, message: string) => ({ name: 'StatusError', code, message });

describe('unary calls', () => {
  let running: Running;
  let calls: Call[] = [];
  const held = deferred<Uint8Array>();
  const cancelled = deferred<StatusError>();
  let deadline = (): void => assert.fail('without a deadline');

  before(async () => {
    running = await start({
      services: [
        {
          name: 'test.Echo',
          unary: new Map<string, UnaryHandler>([
            ['Sync', (payload) => payload],
            ['Async', async (payload) => payload],
            ['Held', () => held.promise],
            [
              'HoldUp',
              (payload) => {
                // Due when the event loop comes to its timers, which is before it comes to the answer.
                setTimeout(deadline, 0);
                const end = performance.now() + 5;
                while (performance.now() < end);
                return payload;
              },
            ],
            [
              'UntilCancelled',
              (_, call) =>
                new Promise<Uint8Array>((_resolve, fail) => {
                  call.onCancel((reason) => {
                    cancelled.resolve(reason);
                    fail(reason);
                  });
                }),
            ],
            [
              'Inspect',
              (_, call) => {
                calls.push(call);
                return bytes(JSON.stringify([...call.metadata]));
              },
            ],
            [
              'InspectLater',
              async (_, call) => {
                await Promise.resolve();
                await held.promise;
                return bytes(JSON.stringify([...call.metadata]));
              },
            ],
            [
              'Throw',
              () => {
                throw notFound('container not created');
              },
            ],
            ['Reject', () => Promise.reject(new Error('runc did not: exit status 1'))],
            [
              'Errno',
              () => {
                throw Object.assign(new Error('open /x: permission denied'), { code: 'EACCES' });
              },
            ],
            ['Big', () => new Uint8Array(maximumLength)],
            ['Biggest', () => new Uint8Array(maximumLength - 5)],
            ['State', unary(StateRequest, StateResponse, ({ id }) => ({ id, pid: 7 }))],
          ]),
        },
      ],
    });
  });
  after(() => running.close());

  const call = (method: string, payload = empty) =>
    running.client.call('test.Echo', method, payload);

  test('are answered, from synchronous and asynchronous handlers', async () => {
    assert.deepEqual(await call('Sync', bytes('a')), bytes('a'));
    assert.deepEqual(await call('Async', bytes('b')), bytes('b'));
    assert.deepEqual(await call('Sync'), empty);
  });

  test('work with messages', async () => {
    const answer = await call('State', StateRequest.encode({ id: 'x' }).finish());
    const { id, pid } = StateResponse.decode(answer);
    assert.deepEqual([id, pid], ['x', 7]);
  });

  test('fail with Internal when the payload does not parse', async () => {
    await assert.rejects(call('State', Uint8Array.of(0x0a, 9)), (error: unknown) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, Code.Internal);
      assert.match(error.message, /^ttrpc: error unmarshalling payload: ./);
      return true;
    });
  });

  test('fail with the code and text of the handler', async () => {
    await assert.rejects(call('Throw'), reject(Code.NotFound, 'container not created: not found'));
    await assert.rejects(call('Reject'), reject(Code.Unknown, 'runc did not: exit status 1'));
    await assert.rejects(
      call('Errno'),
      reject(Code.PermissionDenied, 'open /x: permission denied'),
    );
  });

  test('fail with Unimplemented for what is not served', async () => {
    await assert.rejects(
      running.client.call('containerd.task.v3.Task', 'State', empty),
      reject(Code.Unimplemented, 'service containerd.task.v3.Task'),
    );
    await assert.rejects(call('Nothing'), reject(Code.Unimplemented, 'method Nothing'));
    const long = 'x'.repeat(200);
    await assert.rejects(
      running.client.call(long, 'State', empty),
      reject(Code.Unimplemented, `service ${long}`),
    );
  });

  test('are not delayed by a slow one', async () => {
    let done = false;
    const slow = call('Held').then(() => {
      done = true;
    });
    for (let turn = 0; turn < 10; turn += 1) await call('Sync', bytes('x'));
    assert.equal(done, false);
    assert.deepEqual(
      [...running.server.inFlight()].map((pending) => `${pending.service}/${pending.method}`),
      ['test.Echo/Held'],
    );
    const later = running.client.call('test.Echo', 'InspectLater', empty, {
      metadata: new Map([['K', ['v']]]),
    });
    await call('Async');
    held.resolve(empty);
    await slow;
    assert.equal(new TextDecoder().decode(await later), '[["k",["v"]]]');
    assert.deepEqual([...running.server.inFlight()], []);
  });

  test('run a thousand at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        call(index % 2 === 0 ? 'Sync' : 'Async', bytes(`payload ${index}`)),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      assert.deepEqual(answer, bytes(`payload ${index}`));
    }
  });

  test('carry metadata and their limit', async () => {
    calls = [];
    const answer = await running.client.call('test.Echo', 'Inspect', empty, {
      timeoutNanos: 5e9,
      metadata: new Map([['Containerd-Namespace-TTRPC', ['default']]]),
    });
    assert.equal(new TextDecoder().decode(answer), '[["containerd-namespace-ttrpc",["default"]]]');
    assert.equal(calls[0]?.timeoutNanos, 5e9);
    assert.ok((calls[0]?.receivedAt ?? Number.NaN) <= performance.now());
  });

  test('end at their deadline, on both sides', async () => {
    const pending = running.client.call('test.Echo', 'UntilCancelled', empty, {
      timeoutNanos: 2e7,
    });
    await assert.rejects(pending, reject(Code.DeadlineExceeded, 'context deadline exceeded'));
    const reason = await cancelled.promise;
    assert.equal(reason.code, Code.DeadlineExceeded);
    await assert.rejects(
      running.client.call('test.Echo', 'Sync', empty, { timeoutNanos: -1 }),
      reject(Code.DeadlineExceeded, 'context deadline exceeded'),
    );
  });

  test('whose answer is there when the process gets to look are answered, though it is late', async () => {
    // Client and server are held up together while the deadline passes, whenever that is.
    const { setTimeout: later } = globalThis;
    globalThis.setTimeout = ((due: () => void) => {
      deadline = due;
      return later(() => {}, 0);
    }) as typeof setTimeout;
    const answer = running.client.call('test.Echo', 'HoldUp', bytes('x'), { timeoutNanos: 2e7 });
    globalThis.setTimeout = later;
    assert.deepEqual(await answer, bytes('x'));
  });

  test('with an answer that is too long fail alone', async () => {
    const other = call('Async', bytes('x'));
    await assert.rejects(
      call('Big'),
      reject(Code.ResourceExhausted, overLongText(maximumLength + 5)),
    );
    assert.deepEqual(await other, bytes('x'));
    assert.equal((await call('Biggest')).length, maximumLength - 5);
  });

  test('with a request that is too long are refused before they are sent', async () => {
    await assert.rejects(call('Sync', new Uint8Array(maximumLength)), (error: unknown) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, Code.ResourceExhausted);
      assert.match(error.message, /^message length \d+ exceed maximum message size of 4194304$/);
      return true;
    });
    assert.deepEqual(await call('Sync', bytes('x')), bytes('x'));
  });

  test('fail when the connection closes', async () => {
    const client = await Client.connect(running.path);
    const pending = client.call('test.Echo', 'UntilCancelled', empty);
    const told = deferred<void>();
    client.onClosed(() => told.resolve());
    client.close();
    await assert.rejects(pending, { name: 'ConnectionClosedError', message: 'ttrpc: closed' });
    await told.promise;
    await assert.rejects(client.call('test.Echo', 'Sync', empty), ConnectionClosedError);
    assert.ok(client.isClosed);
  });

  describe('that break the rules', () => {
    const request = (method: string, payload = empty) =>
      encodeRequest({ service: 'test.Echo', method, payload });

    async function failure(raw: RawClient, streamId: number): Promise<[Code, string]> {
      const frame = await raw.receive();
      assert.deepEqual(
        [frame.streamId, frame.type, frame.flags],
        [streamId, FrameType.response, 0],
      );
      const answer = decodeResponse(frame.data, 0, frame.data.length);
      assert.ok(answer instanceof StatusError);
      return [answer.code, answer.message];
    }

    test('are told so on their own stream', async () => {
      const raw = await RawClient.connect(running.path);
      raw.send(2, FrameType.request, 0, request('Sync'));
      assert.deepEqual(await failure(raw, 2), [
        Code.InvalidArgument,
        'StreamID must be odd for client initiated streams',
      ]);
      raw.send(5, FrameType.request, 0, request('Sync', bytes('x')));
      assert.deepEqual((await raw.receive()).data, Uint8Array.of(0x12, 1, 0x78));
      for (const streamId of [5, 3]) {
        raw.send(streamId, FrameType.request, 0, request('Sync'));
        assert.deepEqual(await failure(raw, streamId), [
          Code.InvalidArgument,
          'StreamID cannot be re-used and must increment',
        ]);
      }
      raw.send(5, FrameType.data, 0, empty);
      assert.deepEqual(await failure(raw, 5), [
        Code.InvalidArgument,
        'StreamID is no longer active',
      ]);
      raw.send(7, FrameType.request, 0, Uint8Array.of(0x0a, 9));
      assert.deepEqual(await failure(raw, 7), [
        Code.InvalidArgument,
        'unmarshal request error: message is truncated',
      ]);
      raw.send(9, 0x7f, 0, bytes('a type of the future'));
      raw.send(9, FrameType.request, 0, request('Sync'));
      assert.deepEqual((await raw.receive()).data, empty);
      raw.connection.destroy();
      await raw.closed;
    });

    test('by their length are told so, and the connection goes on', async () => {
      const raw = await RawClient.connect(running.path);
      raw.send(1, FrameType.request, 0, new Uint8Array(maximumLength + 1));
      assert.deepEqual(await failure(raw, 1), [
        Code.ResourceExhausted,
        'message length 4194305 exceed maximum message size of 4194304',
      ]);
      raw.send(1, FrameType.request, 0, request('Sync'));
      assert.deepEqual((await raw.receive()).data, empty);
      raw.connection.destroy();
      await raw.closed;
    });

    test('can have any bytes, and others are served all the same', async () => {
      const raw = await RawClient.connect(running.path);
      raw.connection.write(bytes('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      assert.deepEqual(await call('Sync', bytes('x')), bytes('x'));
      raw.connection.destroy();
      await raw.closed;
    });
  });
});

describe('a server', () => {
  test('cancels the calls of a client that goes away', async () => {
    const cancelled = deferred<StatusError>();
    const arrived = deferred<void>();
    const running = await start({
      services: [
        {
          name: 'test.Wait',
          unary: new Map<string, UnaryHandler>([
            [
              'Wait',
              (_, call) => {
                call.onCancel(cancelled.resolve);
                arrived.resolve();
                return new Promise<Uint8Array>(() => {});
              },
            ],
          ]),
        },
      ],
    });
    const raw = await RawClient.connect(running.path);
    raw.send(
      1,
      FrameType.request,
      0,
      encodeRequest({ service: 'test.Wait', method: 'Wait', payload: empty }),
    );
    await arrived.promise;
    assert.equal([...running.server.inFlight()].length, 1);
    raw.connection.destroy();
    const reason = await cancelled.promise;
    assert.deepEqual([reason.code, reason.message], [Code.Canceled, 'context canceled']);
    assert.deepEqual([...running.server.inFlight()], []);
    await running.close();
  });

  test('closes a connection it does not authorize, without an answer', async () => {
    let asked = 0;
    const running = await start({
      services: [],
      authorize: () => {
        asked += 1;
        return asked === 1;
      },
    });
    const refused = await RawClient.connect(running.path);
    await refused.closed;
    assert.equal(asked, 2);
    assert.equal(running.server.connectionCount, 1);
    await running.close();
  });

  test('sends the answers that are waiting before it closes', async () => {
    let server: Server | undefined;
    const closing = deferred<Promise<void>>();
    const running = await start({
      services: [
        {
          name: 'test.Stop',
          unary: new Map<string, UnaryHandler>([
            [
              'Stop',
              () => {
                if (server !== undefined) closing.resolve(server.close());
                return new Uint8Array(1_000_000).fill(1);
              },
            ],
          ]),
        },
      ],
    });
    server = running.server;
    const pending = running.client.call('test.Stop', 'Stop', empty);
    await closing.promise;
    assert.equal((await pending).length, 1_000_000);
    await running.close();
  });

  test('refuses two services of one name', () => {
    const service = { name: 'a', unary: new Map() };
    assert.throws(() => new Server({ services: [service, service] }), /two services named a/);
  });
});
