import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { debugSocketAddress, socketPathOf } from '../../src/manager/socketAddress.ts';
import { runWell } from '../support/commands.ts';
import { waitForEnd } from '../support/processes.ts';
import { ShimPod } from '../support/shimPod.ts';
import { runShim } from '../support/shimRun.ts';
import { waitUntil } from '../support/waiting.ts';

/** The group that a ShimPod's first bundle names. */
const group = 'pod';

function debugPath(pod: ShimPod): string {
  const { address, namespace } = pod.sandbox;
  const path = socketPathOf(
    debugSocketAddress({ directory: dirname(pod.socket), address, namespace, group }),
  );
  pod.sandbox.own(path);
  return path;
}

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(pod: ShimPod, path: string, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: debugPath(pod), path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Sends any bytes and gives what comes back until the other side closes. */
function exchange(pod: ShimPod, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(debugPath(pod), () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const debugging = { words: ['-debug'] };

describe('the debug socket', () => {
  let pod: ShimPod;
  before(async () => {
    pod = await ShimPod.start(debugging);
  });
  after(() => pod?.close());

  test('gives the dump', async () => {
    const { id, pid } = await pod.run({ args: ['sleep', '1000'] });
    const { status, body } = await ask(pod, '/debug/dump');
    assert.equal(status, 200);
    assert.ok(body.includes(`${id} running pid ${pid}`), body);
    assert.ok(body.includes('--- descriptors ---'), body);
    await pod.remove(id);
  });

  test('gives statistics of the heap, and the heap', async () => {
    const statistics = await ask(pod, '/debug/heap');
    assert.equal(statistics.status, 200);
    assert.ok(Object.keys(JSON.parse(statistics.body)).length > 3, statistics.body);
    const heap = await ask(pod, '/debug/heap?snapshot');
    assert.equal(heap.status, 200);
    const { snapshot, nodes } = JSON.parse(heap.body);
    assert.ok(snapshot.meta.node_fields.includes('self_size'));
    assert.ok(nodes.length > 1000);
  });

  test('gives a profile, one at a time, and the shim works meanwhile', async () => {
    const first = ask(pod, '/debug/profile?seconds=1');
    const second = ask(pod, '/debug/profile?seconds=1');
    assert.equal(await pod.outputOf({ args: ['echo', 'hello'] }), 'hello\n');
    const [one, other] = await Promise.all([first, second]);
    assert.deepEqual([one.status, other.status].sort(), [200, 409]);
    const { nodes, samples } = JSON.parse(one.status === 200 ? one.body : other.body);
    assert.ok(nodes.length > 0);
    assert.ok(Array.isArray(samples));
    assert.equal((await ask(pod, '/debug/profile?seconds=0.1')).status, 200);
  });

  test('explains mistakes', async () => {
    assert.match((await ask(pod, '/')).body, /GET \/debug\/dump/);
    const unknown = await ask(pod, '/debug/other');
    assert.equal(unknown.status, 404);
    assert.match(unknown.body, /GET \/debug\/dump/);
    assert.equal((await ask(pod, '/debug/dump', 'POST')).status, 405);
    assert.equal((await ask(pod, '/debug/profile?seconds=long')).status, 400);
    assert.match(await exchange(pod, 'hello\n\n'), /^HTTP\/1\.0 400 /);
    assert.match(await exchange(pod, 'x'.repeat(10_000)), /^HTTP\/1\.0 400 /);
  });

  test('keeps nothing of those who ask, or go before they have', async () => {
    const count = () => pod.descriptors().length;
    await ask(pod, '/debug/dump');
    await waitUntil('the connection is closed', () => !connected(pod));
    const idle = count();
    await Promise.all(Array.from({ length: 20 }, () => ask(pod, '/debug/heap')));
    for (let index = 0; index < 20; index += 1) {
      const socket = createConnection(debugPath(pod), () => socket.write('GET /debug/'));
      socket.on('connect', () => socket.end());
    }
    await waitUntil('all are closed', () => count() === idle);
  });

  test('does not answer another user', async () => {
    const script = `
      const socket = require('node:net').createConnection(process.argv[1]);
      let bytes = 0;
      socket.on('connect', () => socket.write('GET /debug/dump HTTP/1.0\\r\\n\\r\\n'));
      socket.on('data', (data) => { bytes += data.length; });
      socket.on('error', () => {});
      socket.on('close', () => console.log('received', bytes));
    `;
    const mayOpen = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
    const words = ['--reuid', '65534', '--clear-groups', ...mayOpen, 'node', '-e', script];
    assert.equal(await runWell('setpriv', [...words, debugPath(pod)]), 'received 0\n');
  });

  test('is not inherited by the runtime', async () => {
    const id = pod.newId();
    const script = join(pod.sandbox.directory, 'listing-runtime');
    const list = join(pod.sandbox.directory, 'listing');
    writeFileSync(script, `#!/bin/sh\nls -l /proc/$$/fd >> '${list}'\nexec runc "$@"\n`);
    chmodSync(script, 0o755);
    const options = pod.options({ binaryName: script });
    await pod.run({ args: ['sleep', '1000'], request: { options } }, id);
    assert.doesNotMatch(readFileSync(list, 'utf8'), /socket:/);
    await pod.remove(id);
  });
});

/** Whether the server has a connection at its debug socket. */
function connected(pod: ShimPod): boolean {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return lines.filter((line) => line.endsWith(` ${debugPath(pod)}`)).length > 1;
}

describe("the debug socket's path", () => {
  let pod: ShimPod;
  afterEach(() => pod?.close());

  test('goes with the server', async () => {
    pod = await ShimPod.start(debugging);
    const path = debugPath(pod);
    assert.ok(existsSync(path));
    await ask(pod, '/debug/dump');
    process.kill(pod.pid, 'SIGTERM');
    await waitForEnd(pod.pid);
    assert.ok(!existsSync(path));
  });

  test('goes with the `delete` that follows the death of the server', async () => {
    pod = await ShimPod.start(debugging);
    const path = debugPath(pod);
    process.kill(pod.pid, 'SIGKILL');
    await waitForEnd(pod.pid);
    assert.ok(existsSync(path));
    const words = [...pod.sandbox.flags('pod'), '-bundle', pod.firstBundle, 'delete'];
    const { status, stderr } = await runShim({ directory: pod.firstBundle, words });
    assert.equal(status, 0, stderr);
    assert.ok(!existsSync(path));
    assert.ok(!existsSync(pod.socket));
  });

  test('is not there without -debug', async () => {
    pod = await ShimPod.start();
    assert.ok(!existsSync(debugPath(pod)));
  });
});
