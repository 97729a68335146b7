import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { killError } from '../../../src/oci/runtimeError.ts';
import { StatusError } from '../../../src/ttrpc/status.ts';
import { FakeRuntime } from './fakeRuntime.ts';
import { useReaper } from './liveReaper.ts';

const null3 = { descriptors: [-1, -1, -1] } as const;
const record = (level: string, msg: string): string =>
  `${JSON.stringify({ level, msg, time: '2026-01-01T00:00:00Z' })}\n`;

describe('failures of the OCI runtime', () => {
  const reaper = useReaper();
  let fake: FakeRuntime;
  beforeEach(() => {
    fake = new FakeRuntime(reaper);
  });
  afterEach(() => fake.remove());

  /** Shell code that logs a record as runc does, and fails. */
  const logs = (...lines: string[]): string =>
    `cat >> ${fake.bundle.log} <<'END'\n${lines.join('')}END\nexit 1\n`;

  async function textOf(failing: Promise<unknown>): Promise<string> {
    try {
      await failing;
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message;
    }
    return assert.fail('did not fail');
  }

  test("case 1: the log's last error, trimmed", async () => {
    fake.acts(logs(record('error', 'first'), record('error', ' it broke \n'), record('info', 'x')));
    const runtime = fake.runtime();
    assert.equal(await textOf(runtime.create('web', null3)), 'OCI runtime create failed: it broke');
    assert.equal(await textOf(runtime.start('web')), 'OCI runtime start failed: it broke');
    const execution = { execId: 'e', process: '{}', ...null3 };
    assert.equal(await textOf(runtime.exec('web', execution)), 'OCI runtime exec failed: it broke');
    assert.equal(await textOf(runtime.pause('web')), 'OCI runtime pause failed: it broke');
    assert.equal(await textOf(runtime.resume('web')), 'OCI runtime resume failed: it broke');
    assert.equal(await textOf(runtime.killAll('web')), 'OCI runtime killall failed: it broke');
    assert.equal(await textOf(runtime.delete('web', false)), 'failed to delete task: it broke');
    const request = { imagePath: '/i', workPath: '', parentPath: '', ...null3 };
    const text = await textOf(runtime.restore('web', request));
    assert.equal(text, 'OCI runtime restore failed: it broke');
  });

  test('case 2: no error in the log', async () => {
    fake.acts(logs(record('warning', 'x')));
    const base = `${fake.binary} did not terminate successfully: exit status 1`;
    const created = await textOf(fake.runtime().create('web', null3));
    assert.equal(created, `OCI runtime create failed: ${base}`);
    fake.acts(`touch ${fake.bundle.log}; echo spoken; exit 3`);
    const started = await textOf(fake.runtime().start('web'));
    assert.equal(
      started,
      `OCI runtime start failed: ${fake.binary} did not terminate successfully: exit status 3: spoken`,
    );
  });

  test('an error from an earlier command is not taken for the reason of this one', async () => {
    fake.writeLog(record('error', 'from long ago'));
    fake.acts('exit 1');
    const base = `${fake.binary} did not terminate successfully: exit status 1`;
    const started = await textOf(fake.runtime().start('web'));
    assert.equal(started, `OCI runtime start failed: ${base}`);
    fake.acts(logs(record('error', 'of now')));
    const again = await textOf(fake.runtime().start('web'));
    assert.equal(again, 'OCI runtime start failed: of now');
  });

  test('case 3: no log, or no records in it', async () => {
    const { log } = fake.bundle;
    const base = `${fake.binary} did not terminate successfully: exit status 1`;
    const prefix = 'OCI runtime create failed: unable to retrieve OCI runtime error';
    fake.acts('exit 1');
    const missing = await textOf(fake.runtime().create('web', null3));
    assert.equal(missing, `${prefix} (open ${log}: no such file or directory): ${base}`);
    fake.acts(`echo plain > ${log}; exit 1`);
    const plain = await textOf(fake.runtime().create('web', null3));
    assert.equal(
      plain,
      `${prefix} (invalid character 'p' looking for beginning of value): ${base}`,
    );
  });

  test('a runtime that is not there', async () => {
    const { log } = fake.bundle;
    const prefix = `OCI runtime create failed: unable to retrieve OCI runtime error (open ${log}: no such file or directory)`;
    const byName = await textOf(fake.runtime({ binary: 'no-runc' }).create('web', null3));
    assert.equal(byName, `${prefix}: exec: "no-runc": executable file not found in $PATH`);
    const byPath = await textOf(fake.runtime({ binary: '/no/runc' }).create('web', null3));
    assert.equal(byPath, `${prefix}: fork/exec /no/runc: no such file or directory`);
  });

  test('update and ps tell the base error and the output, without a prefix', async () => {
    fake.acts(
      `echo '${record('error', 'logged').trim()}' >> ${fake.bundle.log}; echo no >&2; exit 1`,
    );
    const base = `${fake.binary} did not terminate successfully: exit status 1: no`;
    assert.equal(await textOf(fake.runtime().update('web', '{}')), base);
    assert.equal(await textOf(fake.runtime().pids('web')), base);
    assert.equal(
      await textOf(fake.runtime().kill('web', 9, false)),
      `unknown error after kill: ${base}`,
    );
  });

  test('delete of an unknown container is success, for runc and crun', async () => {
    for (const text of [
      'container does not exist',
      'container "web" does not exist',
      'container `web` does not exist: error opening file `/run/crun/web/status`: No such file or directory',
      'error opening file `/run/containerd/runc/testing/web/status`: No such file or directory',
      // crun 1.8.1
      "cannot open directory '/run/containerd/runc/testing/web': No such file or directory",
    ]) {
      fake.acts(`cat >&2 <<'END'\n${text}\nEND\nexit 1`);
      await fake.runtime().delete('web', false);
    }
    fake.acts('echo "cannot open directory \'/rootfs\': No such file or directory"; exit 1');
    await assert.rejects(fake.runtime().delete('web', false), /failed to delete task/);
  });

  test('checkpoint: the first line, and where the log of CRIU is', async () => {
    const work = `${fake.bundle.path}/work/criu-work`;
    fake.acts(`mkdir -p ${work}; echo dumped > ${work}/dump.log; echo one; echo two; exit 1`);
    const request = {
      ...{ imagePath: '/i', workPath: '', parentPath: '', openTcp: false, terminal: false },
      ...{ externalUnixSockets: false, fileLocks: false, emptyNamespaces: [], exit: false },
    };
    const kept = fake.bundle.criuDumpLog;
    const base = `${fake.binary} did not terminate successfully: exit status 1: one`;
    const text = await textOf(fake.runtime().checkpoint('web', request));
    assert.equal(text, `${base} path= ${kept}`);
    assert.equal(readFileSync(kept, 'utf8'), 'dumped\n');
    assert.throws(() => readFileSync(`${work}/dump.log`), /ENOENT/);

    const own = `${fake.directory}/own`;
    mkdirSync(own);
    writeFileSync(`${own}/dump.log`, 'mine\n');
    await textOf(fake.runtime().checkpoint('web', { ...request, workPath: own }));
    assert.equal(readFileSync(kept, 'utf8'), 'mine\n');
    assert.equal(readFileSync(`${own}/dump.log`, 'utf8'), 'mine\n');
  });
});

test('what a failed kill means', () => {
  const base = 'runc did not terminate successfully: exit status 1: ';
  const finished = [
    'os: process already finished',
    'container not running',
    'time="…" level=error msg="container not running"',
    'kill container: No such process',
    'open pidfd: No such process',
    'the container `web` is not running',
  ];
  for (const text of finished) {
    const error = killError(base + text, '/run/r/web');
    assert.ok(error instanceof StatusError && error.code === 5);
    assert.equal(error.message, 'process already finished: not found');
  }
  for (const text of [
    'container does not exist',
    'container `web` does not exist',
    'error opening file `/run/r/web/status`: No such file or directory',
  ]) {
    const error = killError(base + text, '/run/r/web');
    assert.ok(error instanceof StatusError && error.code === 5);
    assert.equal(error.message, 'no such container: not found');
  }
  const other = killError(`${base}permission denied`, '/run/r/web');
  assert.ok(!(other instanceof StatusError));
  assert.equal(other.message, `unknown error after kill: ${base}permission denied`);
});
