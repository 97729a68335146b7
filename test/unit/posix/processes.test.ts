import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { O_RDONLY, O_RDWR, SIGNALS } from '../../../src/posix/constants.ts';
import { isSystemError, SystemError } from '../../../src/posix/error.ts';
import {
  closeFile,
  fileStatus,
  makeMemoryFile,
  openFile,
  readText,
  readToEnd,
  rewind,
  writeAll,
  writeFile,
} from '../../../src/posix/files.ts';
import {
  becomeSubreaper,
  disableHugePages,
  effectiveUser,
  ignoreSignal,
  openPidfd,
  parentPid,
  reapExited,
  sendSignal,
  sendSignalThroughPidfd,
} from '../../../src/posix/processes.ts';
import { exitOf, launch, shell, Workspace } from './support.ts';

const workspace = new Workspace();
after(() => workspace.remove());

describe('spawn', () => {
  test('puts descriptors into place although targets are sources of others', async () => {
    const first = makeMemoryFile('first');
    const second = makeMemoryFile('second');
    try {
      writeAll(first, 'one');
      writeAll(second, 'two');
      const descriptors = new Array<number>(Math.max(first, second) + 1).fill(-1);
      descriptors[first] = second;
      descriptors[second] = first;
      descriptors[2] = 2;
      const script = `cat /proc/self/fd/${first}; echo; cat /proc/self/fd/${second}`;
      const { status, output } = await shell(script, { descriptors });
      assert.equal(status, 0);
      assert.equal(output, 'two\none');
    } finally {
      closeFile(first);
      closeFile(second);
    }
  });

  test('closes every other descriptor and has /dev/null for -1', async () => {
    const stray = openFile('/dev/zero', O_RDONLY);
    try {
      const { output } = await shell('for f in /proc/$$/fd/*; do readlink $f; done', {
        descriptors: [-1, -1, -1, -1],
      });
      assert.deepEqual(output.trimEnd().split('\n'), [
        '/dev/null',
        '/memfd:output (deleted)',
        '/dev/null',
        '/dev/null',
      ]);
    } finally {
      closeFile(stray);
    }
  });

  test('gives default dispositions and an empty mask', async () => {
    ignoreSignal(SIGNALS.SIGUSR2);
    const { output } = await shell('exec cat /proc/self/status');
    for (const field of ['SigBlk', 'SigIgn']) {
      assert.match(output, new RegExp(`^${field}:\\t0000000000000000$`, 'm'));
    }
  });

  test('passes arguments, environment and directory exactly', async () => {
    const output = makeMemoryFile('output');
    const argv = ['name', '-c', 'printf "%s|" "$0" "$@" "$PWD"; env', '', 'ä b', '$x'];
    const pid = launch(argv, {
      path: '/bin/sh',
      environment: ['A=', 'B=ü=1'],
      directory: '/proc/self',
      descriptors: [-1, output, 2],
    });
    assert.equal(await exitOf(pid), 0);
    rewind(output);
    const [given = '', ...environment] = new TextDecoder().decode(readToEnd(output)).split('|');
    closeFile(output);
    assert.equal(given, '');
    assert.deepEqual(environment.slice(0, 2), ['ä b', '$x']);
    const variables = environment.slice(3).join('|').trimEnd().split('\n');
    assert.ok(variables.includes('A=') && variables.includes('B=ü=1'));
    assert.ok(!variables.some((line) => line.startsWith('HOME=')));
  });

  test('no arguments and no environment are possible', async () => {
    const pid = launch(['/bin/true'], { environment: [] });
    assert.equal(await exitOf(pid), 0);
  });

  test('sets the limit of open files', async () => {
    const { output } = await shell('ulimit -Sn; ulimit -Hn', {
      openFiles: { soft: 123, hard: 456 },
    });
    assert.equal(output, '123\n456\n');
  });

  test('makes a process group of its own when asked', async () => {
    const script = 'set -- $(cat /proc/$$/stat); test $1 = $5 && echo own || echo shared';
    assert.equal((await shell(script, { newProcessGroup: true })).output, 'own\n');
    assert.equal((await shell(script, { newProcessGroup: false })).output, 'shared\n');
  });

  test('reports what cannot be executed, and leaves no child', () => {
    const missing = workspace.file('missing');
    assert.throws(() => launch([missing]), {
      code: 'ENOENT',
      syscall: 'fork/exec',
      path: missing,
      message: `fork/exec ${missing}: no such file or directory`,
    });
    const plain = workspace.file('plain');
    writeFile(plain, 'echo', 0o644);
    assert.throws(() => launch([plain]), { code: 'EACCES' });
    const unknown = workspace.file('unknown');
    writeFile(unknown, 'echo', 0o755);
    assert.throws(() => launch([unknown]), {
      message: `fork/exec ${unknown}: exec format error`,
    });
    assert.throws(() => launch(['/bin/true'], { directory: missing }), {
      message: `chdir ${missing}: no such file or directory`,
    });
    assert.throws(() => launch(['/bin/true'], { descriptors: [-1, 4000] }), { code: 'EBADF' });
    assert.throws(() => launch(['/bin/true', 'a\0b']), { code: 'EINVAL' });
    assert.deepEqual(reapExited(), []);
  });

  test('refuses wrong types', () => {
    const wrong = 5 as unknown as string;
    assert.throws(() => launch(['/bin/true'], { path: wrong }), TypeError);
    assert.throws(() => launch(['/bin/true'], { directory: wrong }), TypeError);
    assert.throws(() => launch(['/bin/true'], { path: '/bin/\0true' }), TypeError);
  });

  test('leaves no descriptor behind in the parent', async () => {
    const next = (): number => {
      const descriptor = openFile('/dev/null', O_RDWR);
      closeFile(descriptor);
      return descriptor;
    };
    const before = next();
    await shell('true', { descriptors: [-1, -1, -1, -1, -1] });
    assert.throws(() => launch(['/nowhere']));
    assert.equal(next(), before);
  });

  test('ends the child with the process that started it', async () => {
    becomeSubreaper();
    const output = makeMemoryFile('output');
    const module = import.meta.url;
    const name = `spawnSleeper${module.slice(module.lastIndexOf('.'))}`;
    const script = fileURLToPath(new URL(name, module));
    const environment = Object.entries(process.env).map(([key, value]) => `${key}=${value ?? ''}`);
    const parent = launch([process.execPath, script], {
      environment,
      descriptors: [-1, output, 2],
    });
    assert.equal(await exitOf(parent), 128 + SIGNALS.SIGKILL);
    rewind(output);
    const sleeper = Number(new TextDecoder().decode(readToEnd(output)));
    closeFile(output);
    assert.ok(sleeper > 1);
    assert.equal(await exitOf(sleeper), 128 + SIGNALS.SIGKILL);
  });
});

describe('reapExited', () => {
  for (const [script, expected] of [
    ['exit 0', 0],
    ['exit 42', 42],
    ['kill -KILL $$', 137],
    ['kill -SEGV $$', 139],
  ] as const) {
    test(`gives ${expected} for "${script}"`, async () => {
      assert.equal((await shell(`ulimit -c 0; ${script}`)).status, expected);
    });
  }

  test('collects more than one call of the addon can hold', async () => {
    const pids = Array.from({ length: 100 }, () => launch(['/bin/true']));
    const statuses = await Promise.all(pids.map(exitOf));
    assert.deepEqual(statuses, new Array<number>(100).fill(0));
  });

  test('is empty without children', () => {
    assert.deepEqual(reapExited(), []);
  });
});

describe('signals', () => {
  let pid = 0;
  let exited: Promise<number>;
  before(() => {
    pid = launch(['/bin/sleep', '1000']);
    exited = exitOf(pid);
  });

  test('reach a process through its pidfd, until it has been collected', async () => {
    const pidfd = openPidfd(pid);
    sendSignal(pid, 0);
    sendSignalThroughPidfd(pidfd, SIGNALS.SIGTERM);
    assert.equal(await exited, 128 + SIGNALS.SIGTERM);
    assert.throws(() => sendSignalThroughPidfd(pidfd, 0), { code: 'ESRCH' });
    assert.throws(() => sendSignal(pid, 0), { message: 'kill: no such process' });
    closeFile(pidfd);
  });
});

test('a process knows its user and its parent', () => {
  assert.equal(effectiveUser().uid, process.geteuid?.());
  assert.equal(effectiveUser().gid, process.getegid?.());
  assert.equal(parentPid(), process.ppid);
  assert.equal(fileStatus(`/proc/${process.pid}`).uid, effectiveUser().uid);
});

test('errors name the call, the path and the reason as Go does', () => {
  const error = new SystemError('open', 2, '/x/y');
  assert.equal(error.message, 'open /x/y: no such file or directory');
  assert.equal(error.code, 'ENOENT');
  assert.equal(new SystemError('read', 11).message, 'read: resource temporarily unavailable');
  assert.equal(new SystemError('read', 4711).message, 'read: errno 4711');
  assert.ok(isSystemError(error) && isSystemError(error, 'ENOENT'));
  assert.ok(!isSystemError(error, 'EIO') && !isSystemError(new Error('ENOENT')));
});

test('huge pages stay off in this process and as they were in what it starts', async () => {
  const own = (): string | undefined =>
    /^THP_enabled:\s+\d$/m.exec(readText('/proc/self/status'))?.[0];
  const { output: before } = await shell('grep THP_enabled /proc/self/status');
  disableHugePages();
  assert.equal(own(), 'THP_enabled:\t0');
  const { output } = await shell('grep THP_enabled /proc/self/status');
  assert.equal(output, before);
  assert.equal(own(), 'THP_enabled:\t0');
  assert.throws(() => launch(['/no/such/program']), { code: 'ENOENT' });
  assert.equal(own(), 'THP_enabled:\t0');
});
