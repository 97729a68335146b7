import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type LogFields, silentLogger } from '../../../src/platform/log.ts';
import { Dumper, type DumpSection } from '../../../src/shim/dump.ts';
import { createLogger } from '../../../src/shim/logger.ts';

/** Above what the kernel gives out as a pid. */
const DEAD_PID = 4_999_999;

describe('dump', () => {
  let parent: string;
  let directory: string;
  let dumper: Dumper;
  let logged: string[];

  const logger = {
    ...silentLogger,
    info: (_fields: LogFields, message: string) => void logged.push(message),
    error: (fields: LogFields, message: string) => void logged.push(`${message}: ${fields.error}`),
  };

  function create(sections: readonly DumpSection[] = [], id = 'pod-1'): Dumper {
    dumper = new Dumper({
      namespace: 'k8s.io',
      id,
      version: '0.1.0',
      logger,
      sections,
      directory,
    });
    return dumper;
  }

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'podshim-dump-'));
    directory = join(parent, 'run', 'dump');
    logged = [];
  });

  afterEach(() => {
    dumper.close();
    rmSync(parent, { recursive: true });
  });

  test('tells of the process and of each section, to the file and to the log', () => {
    const containers = { title: 'containers', lines: () => ['one created', 'two running\nthree'] };
    const path = create([containers]).dump('SIGUSR1');
    assert.equal(path, join(directory, `k8s.io-pod-1-${process.pid}.txt`));
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^\d{4}-\d\d-\d\dT\S+Z SIGUSR1\n/);
    assert.match(
      text,
      new RegExp(`namespace k8s.io, id pod-1, pid ${process.pid}, up [\\d.]+ s\n`),
    );
    assert.match(text, /\npodshim 0\.1\.0, (bun|node) \d\S+, \w+, Linux \d/);
    assert.match(text, /\n--- containers ---\none created\ntwo running\nthree\n/);
    assert.match(text, /\n--- JavaScript stack ---\n\s*at .*dump/);
    assert.match(text, new RegExp(`\n--- threads ---\nthread ${process.pid} \\S+: \\w `));
    assert.match(text, /\n--- descriptors ---\n.*eventpoll \d+.*\n0 \S+ \S+/);
    assert.match(text, /\n--- memory ---\nRss: +\d+ kB\n/);
    assert.doesNotMatch(text, /PATH=/);

    dumper.close();
    assert.equal(logged[0], '=== BEGIN podshim dump ===');
    assert.equal(logged.at(-2), `also in ${path}`);
    assert.equal(logged.at(-1), '=== END podshim dump ===');
    assert.deepEqual(`${logged.slice(1, -2).join('\n')}\n`, text);
  });

  test('nothing in it steers a terminal', () => {
    const hostile = { title: 'hostile', lines: () => ['a\u001b[2Jb\u009bc\rd\te'] };
    const text = readFileSync(create([hostile]).dump('SIGUSR1') ?? '', 'utf8');
    assert.match(text, /\n--- hostile ---\na\?\[2Jb\?c\?d\te\n/);
  });

  test('file and directory are for the owner alone, and nothing temporary stays', () => {
    const path = create().dump('SIGUSR1') ?? '';
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(readdirSync(directory).length, 1);
  });

  test('keeps the newest of a process and none of dead ones of its name', () => {
    create().dump('first');
    writeFileSync(join(directory, `k8s.io-pod-1-${DEAD_PID}.txt`), '');
    writeFileSync(join(directory, `k8s.io-pod-2-${DEAD_PID}.txt`), '');
    writeFileSync(join(directory, 'k8s.io-pod-1-1.txt'), '');
    const path = dumper.dump('second') ?? '';
    assert.match(readFileSync(path, 'utf8'), /^\S+ second\n/);
    assert.deepEqual(readdirSync(directory).sort(), [
      'k8s.io-pod-1-1.txt',
      `k8s.io-pod-1-${process.pid}.txt`,
      `k8s.io-pod-2-${DEAD_PID}.txt`,
    ]);
  });

  test('an id cannot lead out of the directory', () => {
    const path = create([], '../../etc/x').dump('SIGUSR1');
    assert.equal(path, join(directory, `k8s.io-.._.._etc_x-${process.pid}.txt`));
  });

  test('a section that fails is named, and the others are there', () => {
    const broken: DumpSection = {
      title: 'broken',
      *lines() {
        yield 'begun';
        throw new Error('no such container');
      },
    };
    const path = create([broken]).dump('SIGUSR1') ?? '';
    const text = readFileSync(path, 'utf8');
    assert.match(text, /--- broken ---\nbegun\nfailed: no such container\n/);
    assert.match(text, /--- memory ---/);
  });

  test('a directory that others can write to is not used, the log still gets the dump', () => {
    create().dump('first');
    const [file = ''] = readdirSync(directory);
    rmSync(join(directory, file));
    chmodSync(directory, 0o770);
    assert.equal(dumper.dump('second'), undefined);
    assert.deepEqual(readdirSync(directory), []);
    dumper.close();
    assert.ok(logged.some((line) => line.startsWith('dump not written to a file: ')));
    assert.equal(logged.at(-1), '=== END podshim dump ===');
  });

  test('with a full log that nobody reads the file is whole', () => {
    const log = join(parent, 'log');
    execFileSync('mkfifo', ['-m', '700', log]);
    const unread = createLogger({
      path: log,
      debug: false,
      fields: { runtime: 'io.containerd.podshim.v1' },
      takeOverStandardError: false,
    });
    while (unread.sink.dropped === 0) unread.info({}, 'x'.repeat(1000));
    dumper = new Dumper({
      namespace: 'default',
      id: 'a',
      version: '0.1.0',
      logger: unread,
      sections: [],
      directory,
    });
    const text = readFileSync(dumper.dump('SIGUSR1') ?? '', 'utf8');
    assert.match(text, /\n--- memory ---\nRss: +\d+ kB\n/);
    dumper.close();
    assert.ok(unread.sink.dropped > 50);
    unread.sink.close();
  });

  test('a dump while one is still being logged goes to the file alone', () => {
    const many = { title: 'many', lines: () => Array.from({ length: 500 }, (_, n) => `line ${n}`) };
    create([many]).dump('first');
    const path = dumper.dump('second') ?? '';
    assert.match(readFileSync(path, 'utf8'), /^\S+ second\n/);
    dumper.close();
    assert.equal(logged.filter((line) => line === '=== BEGIN podshim dump ===').length, 1);
    assert.ok(logged.includes('line 499'));
  });

  test('a link in place of the directory is not followed', () => {
    const target = join(parent, 'target');
    create();
    directory = target;
    create().dump('makes the target');
    const link = join(parent, 'link');
    symlinkSync(target, link);
    directory = link;
    assert.equal(create([], 'linked').dump('SIGUSR1'), undefined);
    assert.equal(existsSync(join(target, `k8s.io-linked-${process.pid}.txt`)), false);
  });
});
