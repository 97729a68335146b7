import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { wrappedRunc } from '../../../conformance/support/slowRuntime.ts';
import { shimCommand } from '../../support/binary.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

/** A daemon that lets a descriptor of its own slip through to `start`. */
const leaky = ['sh', '-c', 'exec 7</etc/passwd; "$0" "$@"; exit $?', ...shimCommand()];

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start({ command: leaky, environment: { OF_THE_DAEMON: 'x' } });
});
after(() => pod?.close());

const note = (name: string): string => join(pod.sandbox.directory, name);

/** The last number is that of the directory itself, which `ls` reads. */
const list = (path: string): string => `echo $(/bin/ls /proc/self/fd) >> ${path}`;

/** A logging binary that notes what it has, says so by being ready, and reads to the end. */
function logger(path: string): string {
  const binary = note(pod.newId('logger'));
  const lines = ['#!/bin/sh', list(path), 'exec 5>&-', '/bin/cat <&3 >/dev/null', '/bin/cat <&4'];
  writeFileSync(binary, `${lines.join('\n')}\n`, { mode: 0o755 });
  return binary;
}

test('the server has nothing of what its caller had open', () => {
  assert.deepEqual(
    pod.descriptors().filter((target) => target === '/etc/passwd'),
    [],
  );
});

test('the OCI runtime has its stdio and nothing else, in every command', async () => {
  const path = note('runtime');
  const binaryName = wrappedRunc(pod, { '': list(path) });
  const id = pod.newId();
  const { stdout } = pod.fifos(id);
  const reader = pod.read(stdout);
  const request = { options: pod.options({ binaryName }), stdout };
  await pod.run({ args: ['sleep', '1000'], request }, id);
  await pod.outputOfExec(id, ['true']);
  const execId = pod.newId('exec');
  const exec = pod.fifos(execId);
  const terminal = pod.read(exec.stdout);
  await pod.client.exec({ id, execId, args: ['true'], terminal: true, stdout: exec.stdout });
  await pod.client.start(id, execId);
  await pod.client.wait(id, execId);
  await pod.client.delete(id, execId);
  await pod.client.pause(id);
  await pod.client.resume(id);
  await pod.client.update(id, { pids: { limit: 100 } });
  await pod.client.pids(id);
  await pod.remove(id);
  await Promise.all([reader.finished, terminal.finished]);
  // create, start, exec, exec, pause, resume, update, ps, kill, delete
  assert.deepEqual(readFileSync(path, 'utf8').trim().split('\n'), Array(10).fill('0 1 2 3'));
});

describe('a logging binary has its stdio, the two streams, the readiness pipe and nothing else', () => {
  for (const terminal of [false, true]) {
    test(terminal ? 'with a terminal' : 'without a terminal', async () => {
      const path = note(`logger-${terminal}`);
      const stdout = `binary://${logger(path)}`;
      const { id } = await pod.run({ args: ['echo', 'hi'], terminal, request: { stdout } });
      await pod.client.wait(id);
      await pod.client.delete(id);
      assert.equal(readFileSync(path, 'utf8'), '0 1 2 3 4 5 6\n');
    });
  }
});

test('OCI hooks have their stdio and the environment that their config names', async () => {
  const path = note('hook');
  const id = pod.newId();
  const bundle = pod.bundle(id, { args: ['true'] });
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  const hook = (name: string): object => ({
    path: '/bin/sh',
    args: ['sh', '-c', `${list(`${path}-${name}`)}; env >> ${path}-${name}`],
    env: ['NAMED=1'],
  });
  const hooks = { createRuntime: [hook('create')], poststop: [hook('stop')] };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...config, hooks }));
  await pod.client.create({ id, bundle, options: pod.options() });
  await pod.client.start(id);
  await pod.client.wait(id);
  await pod.client.delete(id);
  await waitUntil('the last hook has run', () => existsSync(`${path}-stop`));
  for (const name of ['create', 'stop']) {
    const [descriptors, ...environment] = readFileSync(`${path}-${name}`, 'utf8')
      .trim()
      .split('\n');
    assert.equal(descriptors, '0 1 2 3', name);
    const names = environment.map((entry) => entry.split('=')[0]).sort();
    assert.deepEqual(names, ['NAMED', 'PWD'], name);
  }
});

test('the environment of the OCI runtime is the daemon’s, without what steers the shim itself', async () => {
  const path = note('runtime-environment');
  const options = pod.options({ binaryName: wrappedRunc(pod, { create: `env > ${path}` }) });
  await pod.create({ args: ['true'], request: { options } });
  const names = readFileSync(path, 'utf8')
    .split('\n')
    .map((entry) => entry.split('=')[0] ?? '');
  assert.ok(names.includes('OF_THE_DAEMON'));
  assert.deepEqual(
    names.filter((name) => /^(BUN_|PODSHIM_|NOTIFY_SOCKET)/.test(name)),
    [],
  );
});
