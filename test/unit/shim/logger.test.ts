import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createLogger, type ShimLogger } from '../../../src/shim/logger.ts';

describe('logger', () => {
  let directory: string;
  let path: string;
  let reader: number;
  let logger: ShimLogger;

  function create(debug: boolean): void {
    logger = createLogger({
      path,
      debug,
      fields: { runtime: 'io.containerd.podshim.v1', namespace: 'default' },
      takeOverStandardError: false,
    });
  }

  function lines(): string[] {
    const chunk = Buffer.alloc(65536);
    const text = chunk.toString('utf8', 0, readSync(reader, chunk));
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^time="[^"]+" /, ''));
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-logger-'));
    path = join(directory, 'log');
    execFileSync('mkfifo', ['-m', '700', path]);
    reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  });

  afterEach(() => {
    logger.sink.close();
    closeSync(reader);
    rmSync(directory, { recursive: true });
  });

  const suffix = 'namespace=default runtime=io.containerd.podshim.v1';

  test('writes the common fields on every line, and info and above', () => {
    create(false);
    logger.trace({}, 'never');
    logger.debug({}, 'never');
    logger.info({}, 'hello');
    logger.warn({ id: 'a b' }, 'look out');
    logger.error({ error: new Error('open /x: no such file or directory') }, 'failed');
    assert.deepEqual(lines(), [
      `level=info msg=hello ${suffix}`,
      `level=warning msg="look out" id="a b" ${suffix}`,
      `level=error msg=failed error="open /x: no such file or directory" ${suffix}`,
    ]);
  });

  test('-debug writes debug, and the level can change', () => {
    create(true);
    logger.debug({}, 'one');
    logger.setLevel('error');
    logger.info({}, 'never');
    logger.setLevel('trace');
    logger.trace({}, 'two');
    assert.deepEqual(lines(), [`level=debug msg=one ${suffix}`, `level=trace msg=two ${suffix}`]);
  });

  test('a message is text: neither percent signs nor fields change it', () => {
    create(false);
    logger.info({ msg: 'other', level: 'x', '%s': 1 }, '100%s %d done');
    assert.deepEqual(lines(), [
      `level=info msg="100%s %d done" %s=1 fields.level=x fields.msg=other ${suffix}`,
    ]);
  });

  test('what the runtime prints when it crashes is in the log, not on the inherited fd 2', () => {
    create(false);
    const script = import.meta.filename.replace(/logger\.test\.(\w+)$/, 'crashingChild.$1');
    const { status, stderr } = spawnSync(process.execPath, [script, path], { encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.equal(stderr, '');
    assert.ok(lines().some((line) => line.includes('the runtime reports this one')));
  });
});
