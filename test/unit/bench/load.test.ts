import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { prepareRequest, writePlan } from '../../../bench/support/plan.ts';
import { listenUnix } from '../../../src/posix/sockets.ts';
import { StateRequest, StateResponse } from '../../../src/proto/messages.ts';
import { Server } from '../../../src/ttrpc/server.ts';
import { Code, StatusError } from '../../../src/ttrpc/status.ts';
import { runCommand } from '../../support/commands.ts';
import { repository } from '../../support/paths.ts';

const SERVICE = 'bench.Test';
const directory = mkdtempSync(join(tmpdir(), 'podshim-load-'));
const program = join(directory, 'load');
const socket = join(directory, 's');
const asked: string[] = [];
let underWay = 0;
let mostUnderWay = 0;

async function state(payload: Uint8Array): Promise<Uint8Array> {
  const { id } = StateRequest.decode(payload);
  asked.push(id);
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
async function run(flows: readonly (readonly string[])[], count: number, inFlight: number) {
  asked.length = 0;
  mostUnderWay = 0;
  const plan = join(directory, 'plan');
  writePlan(
    plan,
    flows.map((ids) => ids.map((id) => prepareRequest(SERVICE, 'State', StateRequest, { id }))),
  );
  const words = ['calls', socket, plan, String(count), String(inFlight), String(process.pid)];
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
