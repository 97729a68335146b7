import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Connection, platform } from '../../../src/platform/runtime.ts';
import { O_RDONLY } from '../../../src/posix/constants.ts';
import { closeFile, duplicate, openFile } from '../../../src/posix/files.ts';
import { Client, ConnectionClosedError } from '../../../src/ttrpc/client.ts';
import { FrameType } from '../../../src/ttrpc/frame.ts';
import { encodeRequest } from '../../../src/ttrpc/requestEnvelope.ts';
import type { UnaryHandler } from '../../../src/ttrpc/server.ts';
import { skipFor } from '../../support/skipping.ts';
import { deferred, RawClient, type Running, start } from '../ttrpc/harness.ts';

const SERVICE = 'test.Parking';
const onlyBun = skipFor(platform.name === 'bun' ? undefined : 'only Bun parks connections');
// A parked connection does not keep a program from ending.
const keepAlive = setInterval(() => undefined, 60_000);
keepAlive.unref();

/** One direction of a Unix socket holds less. */
const large = 512 * 1024;

function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = index * 31 + seed;
  return bytes;
}

let running: Running;
/** The server's connections, in the order in which they came. */
let accepted: Connection[];
let handled: string[];
let awake = 0;
let held = deferred<Uint8Array>();
let cancelled = deferred<void>();

/** Parks what is quiet, in this process: the clients' connections as well as the server's. */
function park(): void {
  platform.parkConnections(() => {
    awake += 1;
  });
}

beforeEach(async () => {
  accepted = [];
  handled = [];
  held = deferred();
  cancelled = deferred();
  const note =
    (name: string, handler: UnaryHandler): UnaryHandler =>
    (payload, call) => {
      handled.push(name);
      return handler(payload, call);
    };
  running = await start({
    authorize(connection) {
      accepted.push(connection);
      return true;
    },
    services: [
      {
        name: SERVICE,
        unary: new Map<string, UnaryHandler>([
          ['Echo', note('Echo', (payload) => payload.slice())],
          [
            'Held',
            note('Held', (_, call) => {
              call.onCancel(() => cancelled.resolve());
              return held.promise;
            }),
          ],
          ['Large', note('Large', () => pattern(large, 7))],
        ]),
      },
    ],
  });
});

afterEach(() => running.close());

function echo(client: Client, payload: Uint8Array): Promise<Uint8Array> {
  return client.call(SERVICE, 'Echo', payload);
}

function request(method: string, payload: Uint8Array): Uint8Array {
  return encodeRequest({ service: SERVICE, method, payload, timeoutNanos: 0, metadata: undefined });
}

function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0] as T;
}

describe('parked connections', () => {
  test('take calls, and give the answers of calls that were made before', async () => {
    const waiting = running.client.call(SERVICE, 'Held', new Uint8Array(0));
    assert.deepEqual(await echo(running.client, pattern(10, 1)), pattern(10, 1));
    park();
    assert.deepEqual(await echo(running.client, pattern(10, 2)), pattern(10, 2));
    park();
    held.resolve(pattern(10, 3));
    assert.deepEqual(await waiting, pattern(10, 3));
    park();
    assert.deepEqual(await echo(running.client, pattern(10, 4)), pattern(10, 4));
  });

  test('take frames of which they had a part', async () => {
    const client = await RawClient.connect(running.path);
    const whole = request('Echo', pattern(3000, 5));
    const frame = new Uint8Array(10 + whole.length);
    new DataView(frame.buffer).setUint32(0, whole.length);
    frame[7] = 1;
    frame[8] = FrameType.request;
    frame.set(whole, 10);
    for (let from = 0; from < frame.length; from += 7) {
      client.connection.write(frame.subarray(from, from + 7));
      if (from % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
      park();
    }
    assert.equal((await client.receive()).streamId, 1);
    client.connection.destroy();
    await client.closed;
  });

  test('take requests and give answers that the kernel holds only in pieces', async () => {
    for (let round = 0; round < 3; round += 1) {
      park();
      const sent = pattern(large, round);
      const answer = echo(running.client, sent);
      park();
      assert.deepEqual(await answer, sent);
      park();
      assert.deepEqual(
        await running.client.call(SERVICE, 'Large', new Uint8Array(0)),
        pattern(large, 7),
      );
    }
  });

  test('lose nothing whenever they are parked', async () => {
    const clients = [running.client, await Client.connect(running.path)];
    let random = 4711;
    const next = (limit: number): number => {
      random = (random * 1103515245 + 12345) & 0x7fffffff;
      return (random >> 8) % limit;
    };
    const worker = async (client: Client): Promise<void> => {
      for (let call = 0; call < 100; call += 1) {
        const payload = pattern(next(10) === 0 ? next(large) : next(200), call);
        if (next(3) > 0) park();
        const answer = echo(client, payload);
        if (next(3) > 0) park();
        if (next(3) > 0) setImmediate(park);
        assert.deepEqual(await answer, payload);
      }
    };
    await Promise.all(clients.flatMap((client) => [worker(client), worker(client)]));
    assert.equal(handled.length, 400);
    clients[1]?.close();
  });

  test('notice that the client is gone, after what it sent', async () => {
    const client = await RawClient.connect(running.path);
    client.send(1, FrameType.request, 0, request('Held', new Uint8Array(0)));
    await echo(running.client, pattern(1, 1));
    park();
    client.send(3, FrameType.request, 0, request('Echo', pattern(10, 1)));
    client.connection.end();
    await cancelled.promise;
    assert.deepEqual(handled.toSorted(), ['Echo', 'Echo', 'Held']);
    assert.equal(running.server.connectionCount, 1);
    assert.equal(accepted[1]?.descriptor, -1);
    // What is written to it goes nowhere, and does no harm.
    accepted[1]?.write(pattern(10, 1));
    park();
    accepted[1]?.destroy();
  });

  test('are closed with the server', async () => {
    const lost = assert.rejects(
      running.client.call(SERVICE, 'Held', new Uint8Array(0)),
      ConnectionClosedError,
    );
    await echo(running.client, pattern(1, 1));
    park();
    await running.server.close();
    await lost;
    await cancelled.promise;
    assert.equal(running.server.connectionCount, 0);
  });

  test('are closed by their client', async () => {
    const lost = assert.rejects(
      running.client.call(SERVICE, 'Held', new Uint8Array(0)),
      ConnectionClosedError,
    );
    await echo(running.client, pattern(1, 1));
    park();
    running.client.close();
    await lost;
    await cancelled.promise;
    assert.equal(running.server.connectionCount, 0);
  });
});

describe('parking', onlyBun, () => {
  test('a thousand times leaves the descriptors as they were', async () => {
    await echo(running.client, pattern(1, 1));
    park();
    await echo(running.client, pattern(1, 1));
    const count = (): number => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let round = 0; round < 1000; round += 1) {
      const number = only(accepted).descriptor;
      park();
      assert.notEqual(only(accepted).descriptor, number);
      await echo(running.client, pattern(1, round));
    }
    assert.equal(count(), before);
  });

  test('says when there is something to park again, and only then', async () => {
    await echo(running.client, pattern(1, 1));
    park();
    const before = awake;
    park();
    assert.equal(awake, before);
    await echo(running.client, pattern(1, 1));
    // Both ends.
    assert.equal(awake, before + 2);
    (await Client.connect(running.path)).close();
    assert.ok(awake >= before + 3);
  });

  test('waits for what is still to be sent, and for a reader that is held back', async () => {
    const client = await RawClient.connect(running.path);
    client.connection.pause();
    client.send(1, FrameType.request, 0, request('Large', new Uint8Array(0)));
    await echo(running.client, pattern(1, 1));
    const connection = accepted[1];
    assert.ok(connection !== undefined && connection.pendingBytes > 0);
    const numbers = [connection.descriptor, client.connection.descriptor];
    park();
    assert.deepEqual([connection.descriptor, client.connection.descriptor], numbers);
    const before = awake;
    client.connection.resume();
    assert.ok((await client.receive()).data.length > large);
    assert.equal(connection.pendingBytes, 0);
    assert.ok(awake > before);
    park();
    assert.notEqual(connection.descriptor, numbers[0]);
    client.connection.destroy();
    await client.closed;
  });

  test('closes a connection that cannot be taken back', async () => {
    const waiting = assert.rejects(
      running.client.call(SERVICE, 'Held', new Uint8Array(0)),
      ConnectionClosedError,
    );
    await echo(running.client, pattern(1, 1));
    park();
    const connection = only(accepted);
    const { descriptor } = connection;
    const file = openFile('/etc/passwd', O_RDONLY);
    // The socket is closed with it, and a plain file can be no socket of Bun's.
    duplicate(file, descriptor);
    closeFile(file);
    connection.write(pattern(1, 1));
    assert.equal(connection.descriptor, -1);
    assert.throws(() => closeFile(descriptor), { code: 'EBADF' });
    assert.equal(running.server.connectionCount, 0);
    await waiting;
  });
});
