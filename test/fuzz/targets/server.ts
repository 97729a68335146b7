import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as messages from '../../../src/proto/messages.ts';
import { encodeRequest } from '../../../src/ttrpc/requestEnvelope.ts';
import { frameBytes } from '../../support/rawConnection.ts';
import { FuzzedPod } from '../support/fuzzedPod.ts';
import { mutate } from '../support/mutate.ts';
import type { Random } from '../support/random.ts';
import type { FuzzSession, FuzzTarget } from '../target.ts';

const TASK = 'containerd.task.v2.Task';
const SANDBOX = 'containerd.runtime.sandbox.v1.Sandbox';
const VICTIM = { id: 'victim' };
const WORDS = [
  'victim',
  '\n\u0006victim',
  '/',
  '../',
  '\u0000',
  '{"args":',
  '[',
  'containerd.task.v3.Task',
];
const CLOSED_MILLISECONDS = 200;
const BATCH = 20;
const SHRINK_ATTEMPTS = 60;

interface Sample {
  readonly service: string;
  readonly method: string;
  readonly payload: Uint8Array;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const execSpec = { typeUrl: 'x/Process', value: bytesOf('{"args":["true"],"cwd":"/"}') };
const resources = { typeUrl: 'x/LinuxResources', value: bytesOf('{"cpu":{"shares":100}}') };

/** In an input this stands for the server's own directory, whose path has the same length. */
const DIRECTORY = join(tmpdir(), 'podshim-NOWHER');

const options = {
  typeUrl: messages.RuncOptions.fullName,
  value: messages.RuncOptions.encode({ root: `${DIRECTORY}/runc` })
    .finish()
    .slice(),
};

/** The path is spoiled as any other field: the server sees nothing but its own directory as writable. */
const made = { id: 'made', bundle: `${DIRECTORY}/fuzzed`, options };
const create = {
  ...made,
  ...{ stdout: 'binary:///bin/true?a=b', stderr: '/dev/null' },
  rootfs: [{ type: 'bind', source: DIRECTORY, target: '', options: ['rbind'] }],
};

/**
 * Requests of every method, to a container that may come to harm. Without Shutdown and StopSandbox: what they do when
 * they are asked for is meant.
 */
const SAMPLES: readonly Sample[] = [
  task('State', messages.StateRequest.encode(VICTIM)),
  task('Create', messages.CreateTaskRequest.encode(create)),
  task('Create', messages.CreateTaskRequest.encode({ ...made, stdout: '/dev/null' })),
  task('Create', messages.CreateTaskRequest.encode({ ...made, id: 'other', stderr: '/e' })),
  task('Start', messages.StartRequest.encode({ ...VICTIM, execId: 'e1' })),
  task('Delete', messages.DeleteRequest.encode(VICTIM)),
  task('Pids', messages.PidsRequest.encode(VICTIM)),
  task('Pause', messages.PauseRequest.encode(VICTIM)),
  task('Resume', messages.ResumeRequest.encode(VICTIM)),
  task('Checkpoint', messages.CheckpointTaskRequest.encode({ ...VICTIM, path: '/nowhere/c' })),
  task('Kill', messages.KillRequest.encode({ ...VICTIM, signal: 10, all: true })),
  task('Exec', messages.ExecProcessRequest.encode({ ...VICTIM, execId: 'e1', spec: execSpec })),
  task('ResizePty', messages.ResizePtyRequest.encode({ ...VICTIM, width: 80, height: 24 })),
  task('CloseIO', messages.CloseIORequest.encode({ ...VICTIM, stdin: true })),
  task('Update', messages.UpdateTaskRequest.encode({ ...VICTIM, resources })),
  task('Wait', messages.WaitRequest.encode(VICTIM)),
  task('Stats', messages.StatsRequest.encode(VICTIM)),
  task('Connect', messages.ConnectRequest.encode(VICTIM)),
  sandbox('Platform', messages.SandboxPlatformRequest.encode({ sandboxId: 'pod' })),
  sandbox('PingSandbox', messages.PingSandboxRequest.encode({ sandboxId: 'pod' })),
  sandbox('SandboxStatus', messages.SandboxStatusRequest.encode({ sandboxId: 'pod' })),
  sandbox('SandboxMetrics', messages.SandboxMetricsRequest.encode({ sandboxId: 'pod' })),
];

/** The socket of a real server. */
export const serverTarget: FuzzTarget = {
  name: 'server',
  what: 'the socket of a running server',
  batch: BATCH,
  shrinkAttempts: SHRINK_ATTEMPTS,
  generate,
  async open(): Promise<FuzzSession> {
    const fuzzed = await FuzzedPod.open();
    return {
      try: (input) => send(fuzzed.pod.socket, inPlace(input, fuzzed.pod.sandbox.directory)),
      settle: () => fuzzed.check(),
      close: () => fuzzed.close(),
    };
  },
};

function inPlace(input: Uint8Array, directory: string): Uint8Array {
  return Buffer.from(
    Buffer.from(input).toString('latin1').replaceAll(DIRECTORY, directory),
    'latin1',
  );
}

/** One to four requests, spoiled in the message, in the envelope, in the frame, or as a whole. */
function generate(random: Random): Uint8Array {
  const frames: Uint8Array[] = [];
  const count = 1 + random.below(4);
  for (let index = 0; index < count; index += 1) {
    const sample = random.pick(SAMPLES);
    const payload = random.oneIn(2) ? mutate(random, [sample.payload], WORDS) : sample.payload;
    const request = encodeRequest({ ...sample, payload, timeoutNanos: 0, metadata: undefined });
    const data = random.oneIn(4) ? mutate(random, [request], WORDS) : request;
    const lies = random.oneIn(12) ? { length: random.next() } : {};
    const type = random.oneIn(10) ? random.below(5) : 1;
    const flags = random.oneIn(10) ? random.below(256) : 0;
    const streamId = random.oneIn(10) ? random.next() : 2 * index + 1;
    frames.push(frameBytes({ streamId, type, flags, data, ...lies }));
  }
  const stream = new Uint8Array(Buffer.concat(frames));
  return random.oneIn(5) ? mutate(random, [stream], WORDS) : stream;
}

/** Sends it on a connection of its own, and gives the server a moment to answer before that is closed. */
function send(path: string, input: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const limit = setTimeout(() => socket.destroy(), CLOSED_MILLISECONDS);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(limit);
      resolve();
    });
    socket.on('data', () => socket.end());
    socket.write(input);
  });
}

function task(method: string, payload: { finish(): Uint8Array }): Sample {
  return { service: TASK, method, payload: payload.finish().slice() };
}

function sandbox(method: string, payload: { finish(): Uint8Array }): Sample {
  return { service: SANDBOX, method, payload: payload.finish().slice() };
}
