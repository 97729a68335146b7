import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { socketAddress } from '../../src/manager/socketAddress.ts';
import { Any, BootstrapParams } from '../../src/proto/messages.ts';
import { runShim, ShimSandbox } from '../support/shimRun.ts';
import { waitUntil } from '../support/waiting.ts';

let sandbox: ShimSandbox;
before(() => {
  sandbox = new ShimSandbox();
});
after(() => sandbox.close());

/** A start that is refused: with these words, exit code 1, nothing on stdout, and nothing left. */
async function refused(
  bundle: string,
  words: readonly string[],
  message: RegExp,
  stdin: Uint8Array = new Uint8Array(0),
): Promise<void> {
  const before = readdirSync(bundle);
  const result = await runShim({ directory: bundle, words, stdin });
  assert.match(result.stderr, message);
  assert.ok(result.stderr.startsWith('io.containerd.podshim.v1: '), result.stderr);
  assert.ok(!result.stderr.endsWith('\n'));
  assert.equal(result.stdout.length, 0);
  assert.equal(result.status, 1);
  assert.deepEqual(readdirSync(bundle), before);
  assert.deepEqual(sandbox.servers(), []);
}

describe('bad input', () => {
  test('no namespace', async () => {
    const bundle = sandbox.bundle('no-namespace');
    for (const action of ['start', 'delete', 'serve']) {
      await refused(bundle, ['-id', 'a', action], /: shim namespace cannot be empty$/);
    }
    await refused(bundle, [], /: shim namespace cannot be empty$/);
  });

  test('an unknown flag: usage, exit code 2', async () => {
    const bundle = sandbox.bundle('unknown-flag');
    const result = await runShim({ directory: bundle, words: ['-nope', 'start'] });
    assert.match(
      result.stderr,
      /^flag provided but not defined: -nope\nUsage of .*:\n {2}-address/,
    );
    assert.equal(result.status, 2);
    assert.equal(result.stdout.length, 0);
  });

  test('-h: usage, exit code 0', async () => {
    const result = await runShim({ directory: sandbox.directory, words: ['-h'] });
    assert.match(result.stderr, /^Usage of /);
    assert.equal(result.status, 0);
  });

  test('no id, and ids that are none', async () => {
    const bundle = sandbox.bundle('id');
    const flags = (id: string) => [...sandbox.flags(id), 'start'];
    await refused(bundle, ['-namespace', 'n', 'start'], /: no container id given/);
    await refused(bundle, flags(''), /: no container id given/);
    await refused(bundle, flags('a/b'), /: invalid container id "a\/b": must not contain a slash$/);
    await refused(bundle, flags('..'), /: invalid container id "\.\.": /);
    for (const id of ['-all', '--force', 'a\nb', 'a b', '.hidden', 'a..b', 'a-', 'ä']) {
      await refused(bundle, flags(id), /: invalid container id ".*": must be letters and digits, /);
    }
    await refused(bundle, flags('x'.repeat(77)), /"x{77}": 77 characters, at most 76 are allowed$/);
  });

  test('a namespace that would lead elsewhere', async () => {
    const bundle = sandbox.bundle('namespace');
    await refused(
      bundle,
      ['-namespace', '../x', '-id', 'a', 'start'],
      /: invalid namespace "\.\.\/x": must not contain a slash$/,
    );
  });

  test('no config.json', async () => {
    const bundle = sandbox.bundle('no-config');
    rmSync(`${bundle}/config.json`);
    await refused(
      bundle,
      [...sandbox.flags('no-config'), 'start'],
      /: open \/.*\/no-config\/config\.json: no such file or directory$/,
    );
  });

  test('a broken config.json, named with the position', async () => {
    const bundle = sandbox.bundle(
      'broken',
      '{\n  "ociVersion": "1.0",\n  "process": {"args": [}\n}',
    );
    await refused(
      bundle,
      [...sandbox.flags('broken'), 'start'],
      /\/broken\/config\.json:3:24: invalid JSON: unexpected "}" where a value should be$/,
    );
  });

  test('a socket path that is too long, with both lengths', async () => {
    const bundle = sandbox.bundle('long');
    const stdin = BootstrapParams.encode({
      instanceId: 'long',
      namespace: sandbox.namespace,
      socketDir: `/run/${'d'.repeat(60)}`,
    }).finish();
    const words = [...sandbox.flags('long'), 'start'];
    await refused(bundle, words, /: unix socket path too long \(130 > 106\): \/run\/d+\//, stdin);
  });

  test('more on stdin than there may be', async () => {
    const bundle = sandbox.bundle('much');
    const words = [...sandbox.flags('much'), 'start'];
    const stdin = new Uint8Array(10 * 1024 * 1024 + 1);
    await refused(bundle, words, /: stdin is longer than 10485760 bytes$/, stdin);
  });

  test('what is wrong is told in one line, whatever it quotes', async () => {
    const bundle = sandbox.bundle('lines');
    const stdin = Any.encode({ typeUrl: 'one\ntwo\r\u001b[31m', value: Uint8Array.of(1) }).finish();
    const message = /: type with url one two \[31m: not found$/;
    await refused(bundle, ['-namespace', 'n', '-info'], message, stdin);
  });

  test('a socket directory that cannot be made', async () => {
    const bundle = sandbox.bundle('directory');
    const socketDir = join(sandbox.directory, 'f', 's');
    writeFileSync(join(sandbox.directory, 'f'), '');
    const stdin = BootstrapParams.encode({
      instanceId: 'directory',
      namespace: sandbox.namespace,
      socketDir,
    }).finish();
    const words = [...sandbox.flags('directory'), 'start'];
    await refused(bundle, words, /\/f\/s: not a directory$/, stdin);
  });

  test('an address that cannot be written: the server is ended, the socket removed', async () => {
    const bundle = sandbox.bundle('blocked');
    mkdirSync(`${bundle}/address`);
    writeFileSync(`${bundle}/address/file`, '');
    const { address, namespace } = sandbox;
    const path = sandbox.own(
      socketAddress({ directory: '/run/containerd/s', address, namespace, group: 'blocked' }),
    );
    const result = await runShim({
      directory: bundle,
      words: [...sandbox.flags('blocked'), 'start'],
    });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /\/blocked\/address: /);
    assert.ok(!existsSync(path));
    await waitUntil('the server ends', () => sandbox.servers().length === 0);
  });
});
