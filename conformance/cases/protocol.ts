import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ConnectRequest, ConnectResponse } from '../../src/proto/messages.ts';
import { StatusError } from '../../src/ttrpc/status.ts';
import { runWell } from '../../test/support/commands.ts';
import { frameBytes, RawConnection, requestBytes } from '../../test/support/rawConnection.ts';
import { TASK_V2, TASK_V3 } from '../../test/support/shimClient.ts';
import type { ShimPod } from '../../test/support/shimPod.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../support/context.ts';
import { PROMPTLY, within } from '../support/within.ts';

const LONGEST = 4 * 1024 * 1024;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;

function connectRequest(pod: ShimPod, streamId: number): Uint8Array {
  const payload = ConnectRequest.encode({ id: 'x' }).finish();
  return requestBytes(streamId, pod.client.service, 'Connect', payload);
}

async function assertServes(pod: ShimPod, connection: RawConnection, streamId: number) {
  await connection.send(connectRequest(pod, streamId));
  const answer = await within(PROMPTLY, 'Connect', connection.answer(streamId));
  assert.ok(answer instanceof Uint8Array, `Connect is refused: ${answer}`);
  assert.equal(ConnectResponse.decode(answer).shimPid, pod.pid);
}

async function assertRefused(connection: RawConnection, streamId: number, code: number) {
  const answer = await within(PROMPTLY, 'the answer', connection.answer(streamId));
  assert.ok(answer instanceof StatusError, 'it is not refused');
  assert.equal(answer.code, code);
}

/** Something on a connection of its own; afterwards other connections have to be served as before. */
function wireCase(
  name: string,
  sentence: string,
  threads: readonly string[],
  work: (connection: RawConnection, pod: ShimPod) => Promise<void>,
): ConformanceCase {
  return {
    name,
    sentence,
    threads,
    fast: true,
    async run(context: CaseContext) {
      const pod = await context.pod();
      const connection = await RawConnection.open(pod.socket);
      context.atEnd(() => connection.close());
      await work(connection, pod);
      connection.close();
      const { shimPid } = await within(PROMPTLY, 'Connect', pod.client.connectTask('x'));
      assert.equal(shimPid, pod.pid);
    },
  };
}

export const protocolCases: readonly ConformanceCase[] = [
  wireCase(
    'oversize-frame',
    'A frame above 4 MiB is answered with ResourceExhausted, and the connection goes on.',
    ['contract trap 15', 'contract 4.1'],
    async (connection, pod) => {
      await connection.send(frameBytes({ streamId: 1, data: new Uint8Array(LONGEST + 1) }));
      await assertRefused(connection, 1, RESOURCE_EXHAUSTED);
      await assertServes(pod, connection, 3);
    },
  ),
  wireCase(
    'longest-frame',
    'A frame of exactly 4 MiB is taken.',
    ['contract 4.1'],
    async (connection, pod) => {
      const { service } = pod.client;
      const empty = requestBytes(1, service, 'Connect', new Uint8Array(0)).length - 10;
      const payload = new Uint8Array(LONGEST - empty - 5).fill(0x7a);
      await connection.send(requestBytes(1, service, 'Connect', payload));
      await assertRefused(connection, 1, INTERNAL);
      await assertServes(pod, connection, 3);
    },
  ),
  wireCase(
    'frame-byte-by-byte',
    'A frame that comes in single bytes is one frame.',
    ['contract 4.1'],
    async (connection, pod) => {
      for (const byte of connectRequest(pod, 1)) await connection.send(new Uint8Array([byte]));
      const answer = await within(PROMPTLY, 'Connect', connection.answer(1));
      assert.ok(answer instanceof Uint8Array);
    },
  ),
  wireCase(
    'garbage-on-the-socket',
    'Garbage ends at most the connection that it came on.',
    ['contract 4.1', 'ttrpc#72'],
    async (connection) => {
      await connection.send(randomBytes(100_000));
    },
  ),
  wireCase(
    'stream-ids-are-checked',
    'Stream ids that are even or were used before are InvalidArgument.',
    ['contract 4.2'],
    async (connection, pod) => {
      await assertServes(pod, connection, 5);
      await connection.send(connectRequest(pod, 8));
      await assertRefused(connection, 8, INVALID_ARGUMENT);
      await connection.send(connectRequest(pod, 3));
      await assertRefused(connection, 3, INVALID_ARGUMENT);
      await assertServes(pod, connection, 11);
    },
  ),
  wireCase(
    'request-that-is-no-protobuf',
    'A request that cannot be parsed is InvalidArgument, and the connection goes on.',
    ['contract 4.2'],
    async (connection, pod) => {
      await connection.send(frameBytes({ streamId: 1, data: new Uint8Array([255, 255, 255]) }));
      await assertRefused(connection, 1, INVALID_ARGUMENT);
      await assertServes(pod, connection, 3);
    },
  ),
  {
    name: 'unknown-service-is-unimplemented',
    sentence:
      'An unknown service and an unknown method are code 12, upon which daemons rely to downgrade.',
    threads: ['containerd#10888', 'contract trap 18', 'contract 4.5'],
    fast: true,
    async run(context) {
      const { client: task } = await context.pod();
      const { client } = task;
      const payload = new Uint8Array(0);
      const unimplemented = { code: UNIMPLEMENTED };
      await assert.rejects(client.call('containerd.task.v4.Task', 'State', payload), unimplemented);
      await assert.rejects(client.call(task.service, 'Dance', payload), unimplemented);
    },
  },
  {
    name: 'both-task-versions-are-served',
    sentence: 'Task v2 and v3 are one service under two names.',
    threads: ['containerd#11793', 'contract 14.1'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id, pid } = await pod.create({ args: ['true'] });
      for (const service of [TASK_V2, TASK_V3]) {
        const other = await pod.connect(service);
        assert.equal((await other.state(id)).pid, pid, service);
        other.close();
      }
      await pod.client.delete(id);
    },
  },
  {
    name: 'waits-hold-nobody-up',
    sentence: 'A thousand Waits on one connection leave State on it as quick as ever.',
    threads: ['ttrpc#72', 'ttrpc#174', 'contract trap 19'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { client } = pod;
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      const waits = Array.from({ length: 1000 }, () => client.wait(id));
      for (let round = 0; round < 20; round += 1) {
        await within(PROMPTLY, 'State', client.state(id));
      }
      await client.kill(id, 9);
      for (const { exitStatus } of await Promise.all(waits)) assert.equal(exitStatus, 137);
    },
  },
  {
    name: 'lost-clients-leave-nothing',
    sentence: 'Clients that go in the middle of a Wait leave no descriptor and disturb nobody.',
    threads: ['contract 5.9', 'contract trap 20'],
    fast: true,
    async run(context) {
      const pod = await context.pod();
      const { id } = await pod.run({ args: ['sleep', '1000'] });
      // Its connection to the daemon is there then.
      await pod.events.waitFor('start', ({ topic }) => topic === '/tasks/start');
      const before = pod.descriptors().length;
      const { service } = pod.client;
      const others = await Promise.all(Array.from({ length: 50 }, () => pod.connect(service)));
      const waits = others.map((other) => other.wait(id));
      await Promise.all(others.map((other) => other.state(id)));
      for (const other of others) other.close();
      await Promise.allSettled(waits);
      await waitUntil('all are closed', () => pod.descriptors().length === before);
      assert.equal((await pod.client.state(id)).status, 2);
    },
  },
  ...['another user', 'another group'].map((who): ConformanceCase => {
    const user = [
      '--reuid',
      '65534',
      '--inh-caps',
      '+dac_override',
      '--ambient-caps',
      '+dac_override',
    ];
    const words = who === 'another user' ? user : ['--regid', '65534'];
    return {
      name: `peer-of-${who.replace(' ', '-')}`,
      sentence: `A peer of ${who} that may open the socket nevertheless gets no answer.`,
      threads: ['contract trap 13', 'contract 3.2'],
      fast: true,
      async run(context) {
        const pod = await context.pod();
        const request = Buffer.from(connectRequest(pod, 1)).toString('hex');
        const command = ['node', '-e', PEER_SCRIPT, pod.socket, request];
        const own = await runWell('setpriv', ['--clear-groups', ...command]);
        assert.match(own, /received [1-9]/, 'the owner is not answered either');
        const text = await runWell('setpriv', [...words, '--clear-groups', ...command]);
        assert.match(text, /received 0/, 'it was answered');
      },
    };
  }),
];

const PEER_SCRIPT = `
  const socket = require('node:net').createConnection(process.argv[1]);
  let bytes = 0;
  socket.on('connect', () => socket.write(Buffer.from(process.argv[2], 'hex')));
  socket.on('data', (data) => { bytes += data.length; socket.destroy(); });
  socket.on('error', () => {});
  socket.on('close', () => console.log('received', bytes));
`;
