import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Containerd, runtimeUnderTest } from '../support/containerd.ts';
import { writeImage } from '../support/image.ts';

const GO_SHIM = 'io.containerd.runc.v2';

describe('ctr run', () => {
  let containerd: Containerd;

  before(async () => {
    containerd = await Containerd.start();
  });
  after(async () => {
    await containerd.stop();
  });

  test('stdout and stderr arrive apart, and 0 is passed on', async () => {
    const script = 'echo to stdout; echo to stderr >&2';
    const result = await containerd.run(
      containerd.newId('output'),
      ['/bin/sh', '-c', script],
      '--rm',
    );
    assert.deepEqual(result, {
      status: 0,
      signal: undefined,
      stdout: 'to stdout\n',
      stderr: 'to stderr\n',
    });
  });

  test('standard input reaches the container, and its end too', async () => {
    const args = containerd.runArguments(containerd.newId('input'), ['/bin/sha256sum'], '--rm');
    const input = 'podshim\n'.repeat(100_000);
    const result = await containerd.ctrWith({ input }, ...args);
    assert.equal(result.status, 0, result.stderr);
    const { createHash } = await import('node:crypto');
    assert.equal(result.stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'));
  });

  test('exit status 42', async () => {
    const id = containerd.newId('exit');
    const result = await containerd.run(id, ['/bin/sh', '-c', 'exit 42'], '--rm');
    assert.equal(result.status, 42, result.stderr);
  });

  test('a container killed by SIGKILL exits with 137', async () => {
    const id = containerd.newId('killed');
    const running = containerd.startCtr(
      ...containerd.runArguments(id, ['/bin/sleep', '1000'], '--rm'),
    );
    await containerd.waitForStatus(id, 'RUNNING');
    await containerd.ctrWell('tasks', 'kill', '-s', 'SIGKILL', id);
    assert.equal((await running.finished).status, 137);
  });

  test('a container that dies of SIGSEGV exits with 139', async () => {
    const result = await containerd.run(containerd.newId('crash'), ['/bin/crash'], '--rm');
    assert.equal(result.status, 139, result.stderr);
  });

  test('a terminal: typed input, the size of the one outside, exit status', async () => {
    const script =
      'tty; read line; echo "<$line>"; until stty size | grep "30 100"; do :; done; exit 7';
    const id = containerd.newId('terminal');
    const args = containerd.runArguments(id, ['/bin/sh', '-c', script], '--rm', '-t');
    const session = containerd.startCtrOnTerminal(...args);
    await session.waitForOutput(/\/dev\//);
    session.write('typed\n');
    const { status, stdout } = await session.finished;
    assert.equal(status, 7, stdout);
    assert.match(stdout, /<typed>/);
    assert.match(stdout, /30 100/);
  });

  test('a root file system from an image is mounted by the shim, and unmounted', async () => {
    const archive = join(containerd.directory, 'image.tar');
    writeImage(containerd.rootfs, 'docker.io/library/podshim-test:latest', archive);
    await containerd.ctrWell('images', 'import', archive);
    const id = containerd.newId('image');
    const command = [
      'docker.io/library/podshim-test:latest',
      id,
      '/bin/sh',
      '-c',
      'echo new > /new; cat /new',
    ];
    const runtime = ['--runtime', runtimeUnderTest, ...containerd.fifoFlags()];
    const result = await containerd.ctr('run', '--rm', ...runtime, ...command);
    assert.deepEqual([result.status, result.stdout], [0, 'new\n'], result.stderr);
    assert.equal(existsSync(join(containerd.rootfs, 'new')), false);
  });

  for (const [what, command] of [
    ['an executable that is missing', ['/bin/nosuch']],
    ['an executable that is missing on PATH', ['nosuch']],
    ['an executable that is a directory', ['/tmp']],
    ['an executable that is not executable', ['/etc/passwd']],
  ] as const) {
    test(`${what} is reported as by the Go shim`, async () => {
      const id = containerd.newId('wrong');
      const messages = [];
      for (const runtime of [runtimeUnderTest, GO_SHIM]) {
        const flags = ['--rm', '--runtime', runtime, ...containerd.fifoFlags()];
        const { rootfs } = containerd;
        const { status, stderr } = await containerd.ctr(
          'run',
          ...flags,
          '--rootfs',
          rootfs,
          id,
          ...command,
        );
        assert.notEqual(status, 0);
        messages.push(`${status}: ${stderr}`);
        await containerd.ctr('containers', 'rm', id);
      }
      assert.equal(messages[0], messages[1]);
    });
  }

  test('nothing is left', async () => {
    assert.deepEqual(await containerd.leftovers(), []);
  });
});
