import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { shimCommand } from '../../support/binary.ts';
import { ShimPod } from '../../support/shimPod.ts';

/**
 * The caller's limits, as a daemon has them. The compiled binary notes them at its very beginning; under Node the shim
 * can but look at its parent, which is a shell with the same limits here.
 */
function limitedCommand(): readonly string[] {
  const limited = ['prlimit', '--nofile=1024:4096'];
  const [file = ''] = shimCommand();
  return file === 'node'
    ? [...limited, 'sh', '-c', '"$0" "$@"; exit $?', ...shimCommand()]
    : [...limited, ...shimCommand()];
}

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start({ command: limitedCommand() });
});
after(() => pod?.close());

/** Runs a program as an init and as an exec: both get the same from the shim. */
async function assertOutput(args: readonly string[], expected: RegExp): Promise<void> {
  assert.match(await pod.outputOf({ args }), expected);
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  assert.match(await pod.outputOfExec(id, args), expected);
  await pod.remove(id);
}

describe('a process in a container', () => {
  test('has no descriptor but its stdio', () =>
    // The last one is the directory itself.
    assertOutput(['ls', '/proc/self/fd'], /^0\n1\n2\n3\n$/));

  test('has no signal ignored or blocked', () =>
    assertOutput(
      ['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'],
      /^SigBlk:\t0{16}\nSigIgn:\t0{16}\n$/,
    ));

  test('has the environment of its spec and nothing else', () =>
    assertOutput(
      ['sh', '-c', 'env | cut -d= -f1 | grep -vx -e PWD -e SHLVL -e HOME | sort'],
      /^PATH\nTERM\n$/,
    ));

  test('with a terminal has no descriptor but that', async () => {
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const input = { args: ['ls', '-1', '/proc/self/fd'], terminal: true, request: { stdout } };
    await pod.run(input, id);
    const text = (await out.finished).stdout.replace(/\x1b\[[0-9;]*m/g, '');
    assert.equal(text, '0\r\n1\r\n2\r\n3\r\n');
    await pod.client.wait(id);
    await pod.client.delete(id);
  });
});

test('the OCI runtime has the limit of open files that the caller of start has', async () => {
  // Asked of the runtime and not of the container: a runc built with Go before 1.19.9 raises it for the container.
  const runtime = join(pod.sandbox.directory, 'noting-runc');
  const note = join(pod.sandbox.directory, 'limits');
  const script = `#!/bin/sh\n{ ulimit -Sn; ulimit -Hn; } >> ${note}\nexec runc "$@"\n`;
  writeFileSync(runtime, script, { mode: 0o755 });
  const options = pod.options({ binaryName: runtime });
  const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
  assert.equal(await pod.outputOfExec(id, ['echo', 'hi']), 'hi\n');
  await pod.remove(id);
  assert.match(readFileSync(note, 'utf8'), /^(1024\n4096\n){5}$/);
});

test('the OCI runtime has the environment of the daemon and of a shim, and no setting of ours', async () => {
  const runtime = join(pod.sandbox.directory, 'telling-runc');
  const note = join(pod.sandbox.directory, 'environment');
  writeFileSync(runtime, `#!/bin/sh\nenv > ${note}\nexec runc "$@"\n`, { mode: 0o755 });
  const options = pod.options({ binaryName: runtime });
  const { id } = await pod.run({ args: ['sleep', '1000'], request: { options } });
  await pod.remove(id);
  const lines = readFileSync(note, 'utf8').split('\n');
  assert.ok(lines.includes('GOMAXPROCS=4'));
  assert.ok(lines.some((line) => line.startsWith('OTEL_SERVICE_NAME=containerd-shim-')));
  assert.ok(lines.some((line) => line.startsWith('TTRPC_ADDRESS=')));
  assert.deepEqual(
    lines.filter((line) => /^(BUN_|PODSHIM_|NOTIFY_SOCKET=)/.test(line)),
    [],
  );
});
