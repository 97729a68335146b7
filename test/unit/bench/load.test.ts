import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { prepareRequest, writePlan } from '../../../bench/support/plan.ts';
import { listenUnix } from '../../../src/posix/sockets.ts';
import { StateRequest, StateResponse } from '../../../src/proto/messages.ts';
import { Client } from '../../../src/ttrpc/client.ts';
import { putSuccess, sizeOfSuccess } from '../../../src/ttrpc/responseEnvelope.ts';
import { Server } from '../../../src/ttrpc/server.ts';
import { Code, StatusError } from '../../../src/ttrpc/status.ts';
import { RunningCommand, runCommand } from '../../support/commands.ts';
import { repository } from '../../support/paths.ts';

const SERVICE = 'bench.Test';
const directory = mkdtempSync(join(tmpdir(), 'podshim-load-'));
const program = join(directory, 'load');
const socket = join(directory, 's');
const asked: string[] = [];
let underWay = 0;
let mostUnderWay = 0;
/** Called while a call is answered. */
let placed = (): void => {};

async function state(payload: Uint8Array): Promise<Uint8Array> {
  const { id } = StateRequest.decode(payload);
  asked.push(id);
  placed();
  underWay += 1;
  mostUnderWay = Math.max(mostUnderWay, underWay);
  await new Promise((resolve) => setTimeout(resolve, 1));
  underWay -= 1;
  if (id === 'broken') throw new StatusError(Code.NotFound, 'no "such" container');
  return StateResponse.encode({ id }).finish();
}

const server = new Server({ services: [{ name: SERVICE, unary: new Map([['State', state]]) }] });

before(() => {
  const source = join(repository, 'bench/load');
  const files = readdirSync(source).filter((name) => name.endsWith('.c'));
  const words = ['-std=gnu11', '-D_GNU_SOURCE', '-static', '-o', program];
  execFileSync('cc', [...words, ...files.map((name) => join(source, name))]);
  server.serve(listenUnix(socket, 16));
});

after(async () => {
  server.stopListening();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs flows of calls to State with these ids. */
async function run(
  flows: readonly (readonly string[])[],
  count: number,
  inFlight: number,
  placement = 'anywhere',
) {
  asked.length = 0;
  mostUnderWay = 0;
  const plan = join(directory, 'plan');
  writePlan(
    plan,
    flows.map((ids) => ids.map((id) => prepareRequest(SERVICE, 'State', StateRequest, { id }))),
  );
  const pid = String(process.pid);
  const words = ['calls', socket, plan, String(count), String(inFlight), pid, placement];
  const { status, stdout, stderr } = await runCommand(program, words);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('every call of a plan is made, in the order of its flow', async () => {
  const { calls, errors, flow, step2 } = await run([['a', 'b', 'c']], 4, 1);
  assert.equal(calls, 12);
  assert.equal(errors, 0);
  assert.equal(asked.join(''), 'abcabcabcabc');
  assert.ok(step2.p50 > 0 && step2.p50 < flow.p50);
});

test('as many flows as asked for are under way at once, and no more', async () => {
  const { calls } = await run([['a'], ['b']], 200, 16);
  assert.equal(calls, 200);
  assert.equal(mostUnderWay, 16);
});

test('a call that fails ends its flow and is counted, with what it said', async () => {
  const { calls, errors, firstError } = await run([['broken', 'never'], ['b']], 2, 1);
  assert.deepEqual([calls, errors, firstError], [2, 1, 'no  such  container']);
  assert.deepEqual(asked, ['broken', 'b']);
});

test('the time of the last of several commands counts', async () => {
  const words = ['spawn', '3', 'sh', '-c', 'sleep 0.0%'];
  const { wall, failures } = JSON.parse((await runCommand(program, words)).stdout);
  assert.equal(failures, 0);
  assert.ok(wall >= 20e6);
});

test('commands that fail are counted', async () => {
  const { stdout } = await runCommand(program, ['spawn', '2', 'false']);
  assert.equal(JSON.parse(stdout).failures, 2);
});

test('the minimal reaper adopts and reaps every orphan', async () => {
  const { stdout } = await runCommand(program, ['reaper', '250']);
  const [told, reaped] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([told.adopted, told.elsewhere, reaped.reaped], [250, 0, 250]);
});

test('generator and server are bound to cores as asked, and the server is let go again', async () => {
  const coresOf = (thread: string): string =>
    /^Cpus_allowed:\s+(\S+)/m.exec(readFileSync(`/proc/self/task/${thread}/status`, 'utf8'))?.[1] ??
    '';
  const bitsOf = (mask: string): number =>
    BigInt(`0x${mask.replaceAll(',', '')}`)
      .toString(2)
      .replaceAll('0', '').length;
  const cores = (): Set<string> => new Set(readdirSync('/proc/self/task').map(coresOf));
  const before = cores();
  let bound = before;
  placed = () => {
    bound = cores();
  };
  for (const placement of ['together', ...(availableParallelism() > 1 ? ['apart'] : [])]) {
    const { calls } = await run([['a']], 3, 1, placement);
    assert.equal(calls, 3);
    assert.deepEqual([...bound].map(bitsOf), [1]);
    assert.deepEqual(cores(), before);
  }
  placed = () => {};
});

test('the server that only answers gives its one answer to every call', async () => {
  const path = join(directory, 'answers');
  const answer = join(directory, 'answer');
  const payload = StateResponse.encode({ id: 'nothing' }).finish();
  const envelope = new Uint8Array(sizeOfSuccess(payload.length));
  putSuccess(envelope, 0, payload, payload.length);
  writeFileSync(answer, envelope);
  const answering = new RunningCommand(program, ['answer', path, answer]);
  try {
    await answering.waitForOutput(/listening/);
    const client = await Client.connect(path);
    for (let times = 0; times < 3; times += 1) {
      const bytes = await client.call(SERVICE, 'State', envelope);
      assert.equal(StateResponse.decode(bytes).id, 'nothing');
    }
    client.close();
  } finally {
    answering.kill('SIGKILL');
    await answering.finished;
  }
});
