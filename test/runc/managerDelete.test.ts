import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { socketAddress } from '../../src/manager/socketAddress.ts';
import { Any, DeleteResponse, RuncOptions, RuntimeInfo } from '../../src/proto/messages.ts';
import { shimCommand } from '../support/binary.ts';
import { runShim, type ShimResult, ShimSandbox } from '../support/shimRun.ts';
import { skipFor } from '../support/skipping.ts';
import { waitUntil } from '../support/waiting.ts';

let sandbox: ShimSandbox;
before(() => {
  sandbox = new ShimSandbox();
});
after(() => sandbox.close());

function remove(id: string, bundle: string): Promise<ShimResult> {
  return runShim({
    directory: bundle,
    words: [...sandbox.flags(id), '-bundle', bundle, 'delete'],
  });
}

/** An OCI runtime that notes how it was called, and then does what `script` says. */
function fakeRuntime(bundle: string, script: string): string {
  const path = join(bundle, 'fake-runtime');
  writeFileSync(
    path,
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${bundle}/called'\npwd >> '${bundle}/called'\n${script}\n`,
  );
  chmodSync(path, 0o755);
  writeFileSync(join(bundle, 'runtime'), path);
  return path;
}

function answerOf(result: ShimResult): DeleteResponse {
  assert.equal(result.status, 0, result.stderr);
  return DeleteResponse.decode(result.stdout);
}

describe('delete', () => {
  test('with everything missing: killed, pid unknown, now', async () => {
    const bundle = sandbox.bundle('nothing');
    rmSync(join(bundle, 'config.json'));
    const earliest = Math.floor(Date.now() / 1000);
    const result = await remove('nothing', bundle);
    assert.equal(result.stderr, '');
    const answer = answerOf(result);
    assert.equal(answer.pid, 0xffffffff);
    assert.equal(answer.exitStatus, 137);
    assert.ok(Number(answer.exitedAt?.seconds) >= earliest);
  });

  test('removes no socket but one that a shim has made, whatever the address says', async () => {
    const bundle = sandbox.bundle('planted');
    const path = join(sandbox.directory, 'somebody-elses.sock');
    const listener = createServer().listen(path);
    await once(listener, 'listening');
    // Whoever listened was killed: the path stays.
    linkSync(path, `${path}.kept`);
    listener.close();
    await once(listener, 'close');
    renameSync(`${path}.kept`, path);
    writeFileSync(join(bundle, 'address'), `unix://${path}`);
    const result = await remove('planted', bundle);
    assert.match(result.stderr, /failed to remove the socket: .*somebody-elses\.sock/);
    assert.equal(answerOf(result).exitStatus, 137);
    assert.ok(existsSync(path));
  });

  test('unmounts nothing behind a rootfs that is a link', async () => {
    const bundle = sandbox.bundle('linked');
    const elsewhere = sandbox.bundle('elsewhere', undefined);
    execFileSync('mount', ['-t', 'tmpfs', 'none', elsewhere]);
    try {
      symlinkSync(elsewhere, join(bundle, 'rootfs'));
      const result = await remove('linked', bundle);
      assert.match(result.stderr, /failed to unmount .*\/linked\/rootfs: it is a symlink/);
      assert.equal(answerOf(result).exitStatus, 137);
      assert.match(readFileSync('/proc/mounts', 'utf8'), new RegExp(` ${elsewhere} tmpfs `));
    } finally {
      execFileSync('umount', [elsewhere]);
    }
  });

  test('takes no id for an option of the runtime', async () => {
    const bundle = sandbox.bundle('option');
    fakeRuntime(bundle, '');
    const result = await remove('--all', bundle);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /invalid container id "--all"/);
    assert.ok(!existsSync(join(bundle, 'called')));
  });

  test('of a bundle that is not there', async () => {
    const other = sandbox.bundle('neighbour');
    assert.equal(answerOf(await remove('never-there', other)).exitStatus, 137);
  });

  test('runs the recorded runtime with the recorded root, never with --systemd-cgroup', async () => {
    const bundle = sandbox.bundle('recorded');
    fakeRuntime(bundle, '');
    writeFileSync(join(bundle, 'options.json'), '{"root":"/r","systemd_cgroup":true}');
    writeFileSync(join(bundle, 'init.pid'), '4711');
    const result = await remove('recorded', bundle);
    assert.equal(result.stderr, '');
    assert.equal(answerOf(result).pid, 4711);
    assert.deepEqual(readFileSync(join(bundle, 'called'), 'utf8').trimEnd().split('\n'), [
      '--root',
      `/r/${sandbox.namespace}`,
      '--log',
      `${bundle}/log.json`,
      '--log-format',
      'json',
      'delete',
      '--force',
      'recorded',
      bundle,
    ]);
  });

  test('answers the recorded exit', async () => {
    const bundle = sandbox.bundle('journal');
    fakeRuntime(bundle, '');
    writeFileSync(join(bundle, 'init.pid'), '1');
    writeFileSync(
      join(bundle, 'exit.json'),
      '{"pid":42,"status":3,"exitedAt":"2026-11-21T12:00:00.123456789Z"}',
    );
    const answer = answerOf(await remove('journal', bundle));
    assert.equal(answer.pid, 42);
    assert.equal(answer.exitStatus, 3);
    assert.equal(Number(answer.exitedAt?.seconds), Date.UTC(2026, 10, 21, 12) / 1000);
    assert.equal(answer.exitedAt?.nanos, 123_456_789);
    assert.ok(existsSync(join(bundle, 'called')));
  });

  test('of a container that the server has deleted does not run the runtime again', async () => {
    const bundle = sandbox.bundle('deleted');
    fakeRuntime(bundle, '');
    writeFileSync(
      join(bundle, 'exit.json'),
      '{"pid":42,"status":0,"exitedAt":"2026-11-21T12:00:00Z","deleted":true}',
    );
    const answer = answerOf(await remove('deleted', bundle));
    assert.equal(answer.exitStatus, 0);
    assert.ok(!existsSync(join(bundle, 'called')));
  });

  test('is a warning, not a failure, when the runtime fails or files are broken', async () => {
    const bundle = sandbox.bundle('failing');
    fakeRuntime(bundle, 'echo no luck >&2; exit 3');
    writeFileSync(join(bundle, 'options.json'), '{broken');
    writeFileSync(join(bundle, 'exit.json'), '{"pid":-1}');
    writeFileSync(join(bundle, 'init.pid'), 'abc');
    const result = await remove('failing', bundle);
    assert.equal(answerOf(result).pid, 0xffffffff);
    assert.match(result.stderr, /failed to read options\.json/);
    assert.match(result.stderr, /failed to remove container failing: failed to delete task: /);
    assert.match(result.stderr, /not a process id: "abc"/);
  });

  test('does not wait for a runtime that hangs', async () => {
    const bundle = sandbox.bundle('hanging');
    fakeRuntime(bundle, 'exec sleep 1000');
    const root = join(sandbox.directory, 'root');
    const state = join(root, sandbox.namespace, 'hanging');
    mkdirSync(state, { recursive: true });
    writeFileSync(join(bundle, 'options.json'), JSON.stringify({ root }));
    const result = await remove('hanging', bundle);
    assert.equal(answerOf(result).exitStatus, 137);
    // The daemon kills a helper after 5 s. By the clock a busy machine would be late without anybody's fault.
    assert.match(result.stderr, /delete took more than 4000 ms and was killed/);
    assert.ok(!existsSync(state));
    await waitUntil('the runtime is gone', () => sandbox.servers().length === 0);
  });
});

describe('-info and -v', () => {
  test('-info tells who we are, and what runc can do', async () => {
    const result = await runShim({ directory: sandbox.directory, words: ['-info'] });
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
    const info = RuntimeInfo.decode(result.stdout);
    assert.equal(info.name, 'io.containerd.podshim.v1');
    assert.ok(info.version?.version);
    assert.equal(info.options ?? undefined, undefined);
    assert.equal(
      info.features?.typeUrl,
      'types.containerd.io/opencontainers/runtime-spec/1/features/Features',
    );
    const features = JSON.parse(new TextDecoder().decode(info.features?.value));
    assert.ok(features.mountOptions.includes('rro'));
  });

  test('-info gives the options back, and names a runtime that is not there', async () => {
    const pack = (binaryName: string) =>
      Any.encode({
        typeUrl: 'containerd.runc.v1.Options',
        value: RuncOptions.encode({ binaryName }).finish(),
      }).finish();
    const words = ['-info'];
    const good = await runShim({ directory: sandbox.directory, words, stdin: pack('/bin/true') });
    const info = RuntimeInfo.decode(good.stdout);
    assert.equal(
      RuncOptions.decode(info.options?.value ?? new Uint8Array(0)).binaryName,
      '/bin/true',
    );
    assert.equal(info.features ?? undefined, undefined);
    const bad = await runShim({ directory: sandbox.directory, words, stdin: pack('no-runc') });
    assert.equal(bad.status, 1);
    assert.equal(
      bad.stderr,
      'io.containerd.podshim.v1: failed to look up the path of "no-runc": ' +
        'exec: "no-runc": executable file not found in $PATH',
    );
  });

  test('-v prints five lines', async () => {
    const result = await runShim({ directory: sandbox.directory, words: ['-v'] });
    assert.equal(result.status, 0);
    assert.equal(result.stderr, '');
    assert.match(
      result.stdout.toString(),
      /^[^/\n]+:\n {2}Version: {2}\S+\n {2}Revision: \S+\n {2}Go version: .+\n\n$/,
    );
  });
});

describe('the binary', () => {
  const isBundle = process.env.PODSHIM_RUNTIME === 'node';
  const compiled = skipFor(
    isBundle ? 'copying the shim alone: only the compiled binary' : undefined,
  );

  test('works copied alone to another directory under another name', compiled, async () => {
    const [binary = ''] = shimCommand();
    const copy = join(sandbox.directory, 'containerd-shim-runc-v2');
    copyFileSync(binary, copy);
    const bundle = sandbox.bundle('copied');
    const { address, namespace } = sandbox;
    const expected = socketAddress({
      directory: '/run/containerd/s',
      address,
      namespace,
      group: 'copied',
    });
    sandbox.own(expected);
    const result = await runShim({
      directory: bundle,
      words: [...sandbox.flags('copied'), 'start'],
      command: [copy],
    });
    assert.equal(result.stderr, '');
    assert.equal(result.stdout.toString(), expected);
    assert.equal(sandbox.servers().length, 1);
  });
});
