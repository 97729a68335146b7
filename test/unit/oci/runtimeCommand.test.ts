import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { waitUntil } from '../../support/waiting.ts';
import { FakeRuntime } from './fakeRuntime.ts';
import { useReaper } from './liveReaper.ts';

describe('command lines of the OCI runtime', () => {
  const reaper = useReaper();
  let fake: FakeRuntime;
  beforeEach(() => {
    fake = new FakeRuntime(reaper);
  });
  afterEach(() => fake.remove());

  const null3 = { descriptors: [-1, -1, -1] } as const;

  test('create with pipes', async () => {
    await fake.runtime().create('web', null3);
    const { path } = fake.bundle;
    const expected = ['create', '--bundle', path, '--pid-file', `${path}/init.pid`, 'web'];
    assert.deepEqual(fake.command(), expected);
  });

  test('create with a terminal and every option', async () => {
    await fake
      .runtime()
      .create('web', { consoleSocket: '/run/pty.sock', noPivotRoot: true, noNewKeyring: true });
    const { path } = fake.bundle;
    assert.deepEqual(fake.command(), [
      ...['create', '--bundle', path, '--pid-file', `${path}/init.pid`],
      ...['--console-socket', '/run/pty.sock', '--no-pivot', '--no-new-keyring', 'web'],
    ]);
  });

  test('start, pause, resume, kill, delete', async () => {
    const runtime = fake.runtime();
    await runtime.start('web');
    assert.deepEqual(fake.command(), ['start', 'web']);
    await runtime.pause('web');
    assert.deepEqual(fake.command(), ['pause', 'web']);
    await runtime.resume('web');
    assert.deepEqual(fake.command(), ['resume', 'web']);
    await runtime.kill('web', 15, false);
    assert.deepEqual(fake.command(), ['kill', 'web', '15']);
    await runtime.kill('web', 9, true);
    assert.deepEqual(fake.command(), ['kill', '--all', 'web', '9']);
    await runtime.killAll('web');
    assert.deepEqual(fake.command(), ['kill', '--all', 'web', '9']);
    await runtime.delete('web', false);
    assert.deepEqual(fake.command(), ['delete', 'web']);
    await runtime.delete('web', true);
    assert.deepEqual(fake.command(), ['delete', '--force', 'web']);
  });

  test('the common prefix: root, CRIU, systemd', async () => {
    const settings = { root: '/r', namespace: 'k8s.io', criuPath: '/criu', systemdCgroup: true };
    await fake.runtime(settings).start('web');
    assert.deepEqual(fake.recorded('argv'), [
      ...['--root', '/r/k8s.io', '--log', fake.bundle.log, '--log-format', 'json'],
      ...['--criu', '/criu', '--systemd-cgroup', 'start', 'web'],
    ]);
  });

  test('exec: the process is in a private file that is gone afterwards', async () => {
    fake.acts(`
      while [ "$1" != --process ]; do shift; done
      { cat "$2"; echo; stat -c %a "$2"; } > "$record/input"
    `);
    const execution = { execId: 'sh1', process: '{"args":["sh"]}', ...null3 };
    await fake.runtime().exec('web', execution);
    assert.deepEqual(fake.recorded('input'), ['{"args":["sh"]}', '600']);
    const [exec, option, file, ...rest] = fake.command();
    assert.deepEqual([exec, option], ['exec', '--process']);
    assert.equal(file, `${fake.bundle.path}/sh1.process.json`);
    const pidFile = `${fake.bundle.path}/sh1.pid`;
    assert.deepEqual(rest, ['--detach', '--pid-file', pidFile, 'web']);
    assert.ok(!existsSync(file ?? ''));

    fake.acts('exit 1');
    const withTerminal = { execId: 'sh1', process: '{}', consoleSocket: '/c' };
    await assert.rejects(fake.runtime().exec('web', withTerminal));
    assert.deepEqual(fake.command().slice(3), [
      ...['--console-socket', '/c', '--detach', '--pid-file', pidFile, 'web'],
    ]);
    assert.ok(!existsSync(file ?? ''));
  });

  test('update: the resources come on standard input, untouched', async () => {
    fake.acts('cat > "$record/input"');
    const resources = '{"memory":{"limit":18446744073709551615},"unified":{"a":"b"}}';
    await fake.runtime().update('web', resources);
    assert.deepEqual(fake.command(), ['update', '--resources=-', 'web']);
    assert.deepEqual(fake.recorded('input'), [resources]);
  });

  test('checkpoint', async () => {
    const plain = {
      imagePath: '/image',
      workPath: '',
      parentPath: '',
      openTcp: false,
      externalUnixSockets: false,
      terminal: false,
      fileLocks: false,
      emptyNamespaces: [],
      exit: false,
    };
    await fake.runtime().checkpoint('web', plain);
    const work = `${fake.bundle.path}/work/criu-work`;
    assert.deepEqual(fake.command(), [
      ...['checkpoint', '--image-path', '/image', '--work-path', work, '--leave-running', 'web'],
    ]);
    await fake.runtime().checkpoint('web', {
      imagePath: '/image',
      workPath: '/w',
      parentPath: '../p',
      openTcp: true,
      externalUnixSockets: true,
      terminal: true,
      fileLocks: true,
      emptyNamespaces: ['network', 'ipc'],
      exit: true,
    });
    assert.deepEqual(fake.command(), [
      ...['checkpoint', '--image-path', '/image', '--work-path', '/w', '--parent-path', '../p'],
      ...['--tcp-established', '--ext-unix-sk', '--shell-job', '--file-locks'],
      ...['--empty-ns', 'network', '--empty-ns', 'ipc', 'web'],
    ]);
  });

  test('restore', async () => {
    const { path } = fake.bundle;
    const runtime = fake.runtime();
    await runtime.restore('web', { imagePath: '/i', workPath: '', parentPath: '', ...null3 });
    assert.deepEqual(fake.command(), [
      ...['restore', '--image-path', '/i', '--work-path', `${path}/work`],
      ...['--detach', '--pid-file', `${path}/init.pid`, '-no-subreaper'],
      ...['--bundle', path, 'web'],
    ]);
    const full = { imagePath: '/i', workPath: '/w', parentPath: '/p', noPivotRoot: true };
    await runtime.restore('web', { ...full, consoleSocket: '/c' });
    assert.deepEqual(fake.command(), [
      ...['restore', '--image-path', '/i', '--work-path', '/w', '--parent-path', '/p'],
      ...['--detach', '--pid-file', `${path}/init.pid`, '--console-socket', '/c', '--no-pivot'],
      ...['-no-subreaper', '--bundle', path, 'web'],
    ]);
  });

  test('ps: a list, null, and a warning before the list', async () => {
    const runtime = fake.runtime();
    fake.acts('echo "[7,12]"');
    assert.deepEqual(await runtime.pids('web'), [7, 12]);
    assert.deepEqual(fake.command(), ['ps', '--format', 'json', 'web']);
    fake.acts('echo null');
    assert.deepEqual(await runtime.pids('web'), []);
    fake.acts('echo "level=warning msg=old" >&2; echo "[1]"');
    assert.deepEqual(await runtime.pids('web'), [1]);
    fake.acts('echo nonsense');
    await assert.rejects(runtime.pids('web'), /not a list of process ids: "nonsense\\n"/);
  });

  test('a list of processes longer than any pipe', async () => {
    fake.acts('printf "["; seq -s , 100000 199999 | tr -d "\\n"; echo "]"');
    const pids = await fake.runtime().pids('web');
    assert.equal(pids.length, 100_000);
    assert.equal(pids.at(-1), 199_999);
  });

  test('version and features have no prefix', async () => {
    fake.acts('printf "runc version 1.1.5+ds1\\ncommit: x\\n"');
    const version = await fake.runtime().version();
    assert.deepEqual(fake.recorded('argv'), ['--version']);
    assert.deepEqual([version.name, version.version], ['runc', '1.1.5+ds1']);
    fake.acts('echo "{\\"ociVersionMin\\":\\"1.0.0\\"}"');
    assert.equal(await fake.runtime().features(), '{"ociVersionMin":"1.0.0"}\n');
    assert.deepEqual(fake.recorded('argv'), ['features']);
  });

  test('runs in the bundle, with the given environment and limit of open files', async () => {
    const environment = ['PATH=/usr/bin:/bin', 'WORD=a b'];
    const openFiles = { soft: 777, hard: 1000 };
    await fake.runtime({ environment, openFiles }).start('web');
    assert.deepEqual(fake.recorded('directory'), [fake.bundle.path]);
    assert.deepEqual(fake.recorded('open-files'), ['777']);
    const seen = fake.recorded('environment');
    assert.ok(seen.includes('WORD=a b'));
    assert.ok(!seen.some((entry) => entry.startsWith('HOME=')));
  });

  test('a cancelled caller ends the runtime with SIGKILL; others do not', async () => {
    let listener: ((reason: Error) => void) | undefined;
    let forgotten = false;
    const cancel = {
      cancelled: false,
      onCancel: (given: (reason: Error) => void) => {
        listener = given;
        return () => {
          forgotten = true;
        };
      },
    };
    fake.acts('exec sleep 1000');
    const failed = assert.rejects(fake.runtime().start('web', cancel), /exit status 137$/);
    // The command before it may still have the turn in which this one would be spawned.
    const cancelNow = await waitUntil('the runtime is started', () => listener);
    cancelNow(new Error('context canceled'));
    await failed;
    assert.ok(forgotten);
    await assert.rejects(
      fake.runtime().start('web', { ...cancel, cancelled: true }),
      /OCI runtime start failed: .*context canceled/,
    );
  });
});
