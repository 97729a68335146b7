import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ConnectRequest, ConnectResponse } from '../../../src/proto/messages.ts';
import { StatusError } from '../../../src/ttrpc/status.ts';
import { runWell } from '../../support/commands.ts';
import { frameBytes, RawConnection, requestBytes } from '../../support/rawConnection.ts';
import { TASK_V2 } from '../../support/shimClient.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
  // What is opened once and kept is there after one whole life.
  await pod.outputOf({ args: ['true'] });
});
after(() => pod?.close());

const longest = 4 * 1024 * 1024;

function connectRequest(streamId: number): Uint8Array {
  return requestBytes(streamId, TASK_V2, 'Connect', ConnectRequest.encode({ id: 'x' }).finish());
}

async function assertServes(connection: RawConnection, streamId: number): Promise<void> {
  await connection.send(connectRequest(streamId));
  const answer = await connection.answer(streamId);
  assert.ok(answer instanceof Uint8Array);
  assert.equal(ConnectResponse.decode(answer).shimPid, pod.pid);
}

async function withConnection(work: (connection: RawConnection) => Promise<void>): Promise<void> {
  const connection = await RawConnection.open(pod.socket);
  try {
    await work(connection);
  } finally {
    connection.close();
  }
  assert.equal((await pod.client.connectTask('x')).shimPid, pod.pid);
}

async function assertStatus(
  connection: RawConnection,
  streamId: number,
  code: number,
  text: RegExp,
): Promise<void> {
  const answer = await connection.answer(streamId);
  assert.ok(answer instanceof StatusError);
  assert.equal(answer.code, code);
  assert.match(answer.message, text);
}

describe('a server survives', () => {
  test('garbage', async () => {
    for (let round = 0; round < 20; round += 1) {
      await withConnection((connection) => connection.send(randomBytes(1 + round * 5000)));
    }
  });

  test('a frame that never becomes whole', () =>
    withConnection((connection) => connection.send(connectRequest(1).subarray(0, 15))));

  test('a frame that comes byte by byte', () =>
    withConnection(async (connection) => {
      for (const byte of connectRequest(1)) await connection.send(new Uint8Array([byte]));
      assert.ok((await connection.answer(1)) instanceof Uint8Array);
    }));

  test('an over-long frame: answered, and the connection goes on', () =>
    withConnection(async (connection) => {
      await connection.send(frameBytes({ streamId: 1, data: new Uint8Array(longest + 1) }));
      await assertStatus(
        connection,
        1,
        8,
        /^message length 4194305 exceed maximum message size of/,
      );
      await assertServes(connection, 3);
    }));

  test('the longest frame there may be', () =>
    withConnection(async (connection) => {
      const empty = requestBytes(1, TASK_V2, 'Connect', new Uint8Array(0)).length - 10;
      // Four more bytes say how long the payload is.
      const payload = new Uint8Array(longest - empty - 5).fill(0x7a);
      await connection.send(requestBytes(1, TASK_V2, 'Connect', payload));
      await assertStatus(connection, 1, 13, /^ttrpc: error unmarshalling payload: /);
      await assertServes(connection, 3);
    }));

  test('a request that is no protobuf', () =>
    withConnection(async (connection) => {
      await connection.send(frameBytes({ streamId: 1, data: new Uint8Array([0xff, 0xff, 0xff]) }));
      await assertStatus(connection, 1, 3, /^unmarshal request error: /);
      await assertServes(connection, 3);
    }));

  test('stream ids that are even, used before, or of nobody', () =>
    withConnection(async (connection) => {
      await assertServes(connection, 5);
      await connection.send(connectRequest(8));
      await assertStatus(connection, 8, 3, /^StreamID must be odd for client initiated streams$/);
      await connection.send(connectRequest(3));
      await assertStatus(connection, 3, 3, /^StreamID cannot be re-used and must increment$/);
      await connection.send(frameBytes({ streamId: 9, type: 3 }));
      await assertStatus(connection, 9, 3, /^StreamID is no longer active$/);
      await assertServes(connection, 11);
    }));

  test('frames of a type that does not exist', () =>
    withConnection(async (connection) => {
      await connection.send(frameBytes({ streamId: 1, type: 77, data: new Uint8Array(100) }));
      await assertServes(connection, 3);
    }));

  test('hundreds of connections, and keeps none', async () => {
    const before = pod.descriptors().length;
    const others = await Promise.all(Array.from({ length: 300 }, () => pod.connect()));
    const answers = await Promise.all(others.map((other) => other.connectTask('x')));
    assert.ok(answers.every(({ shimPid }) => shimPid === pod.pid));
    assert.ok(pod.descriptors().length >= before + 300);
    for (const other of others) other.close();
    await waitUntil('all are closed', () => pod.descriptors().length === before);
  });

  test('clients that go in the middle of a Wait', async () => {
    const before = pod.descriptors().length;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const others = await Promise.all(Array.from({ length: 20 }, () => pod.connect()));
    const waits = others.map((other) => other.wait(id));
    await Promise.all(others.map((other) => other.state(id)));
    for (const other of others) other.close();
    for (const wait of waits) await assert.rejects(wait, /ttrpc: closed/);
    assert.equal((await pod.client.state(id)).status, 2);
    await pod.remove(id);
    await waitUntil('all are closed', () => pod.descriptors().length === before);
  });
});

describe('a peer', () => {
  /** Sends a request as somebody else who may nevertheless open the socket, and prints what came back. */
  const script = `
    const request = Buffer.from(process.argv[2], 'hex');
    const socket = require('node:net').createConnection(process.argv[1]);
    let bytes = 0;
    socket.on('connect', () => socket.write(request));
    socket.on('data', (data) => { bytes += data.length; socket.destroy(); });
    socket.on('error', () => {});
    socket.on('close', () => console.log('received', bytes));
  `;
  const mayOpen = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const peers = [
    { name: 'of another user', words: ['--reuid', '65534', '--clear-groups', ...mayOpen] },
    { name: 'of another group', words: ['--regid', '65534', '--clear-groups'] },
  ];

  async function bytesReceivedAs(words: readonly string[]): Promise<number> {
    const request = Buffer.from(connectRequest(1)).toString('hex');
    const command = [...words, 'node', '-e', script, pod.socket, request];
    const text = await runWell('setpriv', command);
    return Number(/received (\d+)/.exec(text)?.[1]);
  }

  for (const { name, words } of peers) {
    test(`${name} gets no answer`, async () => {
      assert.equal(await bytesReceivedAs(words), 0);
      assert.equal((await pod.client.connectTask('x')).shimPid, pod.pid);
    });
  }

  test('of the same user and group gets one', async () => {
    assert.ok((await bytesReceivedAs(['--clear-groups'])) > 0);
  });
});
