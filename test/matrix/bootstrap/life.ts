import assert from 'node:assert/strict';
import { DeleteResponse } from '../../../src/proto/messages.ts';
import { readProcess } from '../../support/processes.ts';
import { runShim } from '../../support/shimRun.ts';
import type { BootstrapCell } from './row.ts';

/** A container's output, status and events. */
export async function run({ pod: server }: BootstrapCell): Promise<void> {
  const { client, events } = server;
  const id = server.newId();
  const { stdout, stderr } = server.fifos(id);
  const [out, err] = [server.read(stdout), server.read(stderr)];
  const args = ['sh', '-c', 'echo out; echo err >&2; exit 42'];
  await server.run({ args, request: { stdout, stderr } }, id);
  assert.equal((await client.wait(id)).exitStatus, 42);
  assert.equal((await out.finished).stdout, 'out\n');
  assert.equal((await err.finished).stdout, 'err\n');
  assert.equal((await client.delete(id)).exitStatus, 42);
  await events.deleteOf(id);
  assert.deepEqual(events.story(id), ['create', 'start', 'exit', 'delete']);
}

/** `start` for another container of the pod names the server that is there. */
export async function pod({ pod: server, options }: BootstrapCell): Promise<void> {
  const annotations = { 'io.containerd.runc.v2.group': 'pod' };
  server.sandbox.bundle('second', JSON.stringify({ annotations }));
  assert.equal(await server.startIn('second', options), `unix://${server.socket}`);
  assert.deepEqual(server.sandbox.servers(), [server.pid]);
  const containers = await Promise.all(
    [1, 2, 3].map(() => server.run({ args: ['sleep', '1000'] })),
  );
  for (const { pid } of containers) assert.equal(readProcess(pid)?.parent, server.pid);
  for (const { id } of containers) await server.remove(id);
}

export async function exec({ pod: server }: BootstrapCell): Promise<void> {
  const { client, events } = server;
  const { id } = await server.run({ args: ['sleep', '1000'] });
  assert.equal(await server.outputOfExec(id, ['echo', 'well']), 'well\n');
  await client.exec({ id, execId: 'e', args: ['sh', '-c', 'exit 5'] });
  await client.start(id, 'e');
  assert.equal((await client.wait(id, 'e')).exitStatus, 5);
  assert.equal((await events.exitOf(id, 'e')).exitStatus, 5);
  await client.delete(id, 'e');
  await server.remove(id);
}

export async function terminal({ pod: server }: BootstrapCell): Promise<void> {
  const { client } = server;
  const id = server.newId();
  const { stdin, stdout } = server.fifos(id);
  const out = server.read(stdout);
  await server.run({ args: ['sh'], terminal: true, request: { stdin, stdout } }, id);
  const keyboard = server.write(stdin);
  await client.resizePty(id, 91, 17);
  keyboard.write('stty size; tty; exit 9\n');
  await out.waitForOutput(/17 91\r\n\/dev\/pts\/0\r\n/);
  assert.equal((await client.wait(id)).exitStatus, 9);
  await out.finished;
  keyboard.closeInput();
  await client.delete(id);
}

/** A container that is killed and deleted; then the daemon calls the `delete` helper for a bundle. */
export async function deletion({ pod: server, options }: BootstrapCell): Promise<void> {
  const { client, sandbox } = server;
  const { id, bundle } = await server.run({ args: ['sleep', '1000'] });
  await client.kill(id, 9, { all: true });
  assert.equal((await client.wait(id)).exitStatus, 137);
  assert.equal((await client.delete(id)).exitStatus, 137);
  const result = await runShim({
    directory: bundle,
    words: ['-debug', ...sandbox.flags(id), '-bundle', bundle, 'delete'],
    ...(options.command === undefined ? {} : { command: options.command }),
  });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(DeleteResponse.decode(result.stdout).exitStatus, 137);
}
