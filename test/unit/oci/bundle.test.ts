import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
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
import { Bundle } from '../../../src/oci/bundle.ts';
import { defaultOptions } from '../../../src/oci/options.ts';
import { runtimeEnvironment } from '../../../src/oci/runtimeEnvironment.ts';
import { parseProcessList, parseVersion } from '../../../src/oci/runtimeQueries.ts';

describe('a bundle', () => {
  let bundle: Bundle;
  beforeEach(() => {
    bundle = new Bundle(mkdtempSync(join(tmpdir(), 'podshim-bundle-')));
  });
  afterEach(() => rmSync(bundle.path, { recursive: true }));

  const configure = (spec: unknown): void => {
    writeFileSync(bundle.configFile, typeof spec === 'string' ? spec : JSON.stringify(spec));
  };

  test('options and the name of the runtime, private', () => {
    assert.equal(bundle.readOptions(), undefined);
    assert.equal(bundle.readRuntimeName(), undefined);
    const options = { ...defaultOptions, root: '/r', systemdCgroup: true };
    bundle.writeOptions(options);
    bundle.writeRuntimeName('crun');
    assert.deepEqual(bundle.readOptions(), options);
    assert.equal(bundle.readRuntimeName(), 'crun');
    bundle.writeRuntimeName('');
    assert.equal(bundle.readRuntimeName(), '');
    for (const name of ['options.json', 'runtime']) {
      assert.equal(statSync(join(bundle.path, name)).mode & 0o777, 0o600);
    }
    assert.equal(readFileSync(join(bundle.path, 'options.json'), 'utf8')[0], '{');
  });

  test('the pid file of an exec goes with what runc left of it when it could not go on', () => {
    const files = ['sh.pid', '.sh.pid', 'init..pid', '.init..pid'];
    for (const name of [...files, 'init.pid']) writeFileSync(join(bundle.path, name), '1');
    for (const execId of ['sh', 'init', 'sh']) bundle.removeExecPidFile(execId);
    assert.deepEqual(readdirSync(bundle.path), ['init.pid']);
  });

  test('pid files: strict but for white space', () => {
    writeFileSync(bundle.initPidFile, '4711');
    assert.equal(bundle.readInitPid(), 4711);
    writeFileSync(bundle.execPidFile('sh'), ' 12\n');
    assert.equal(bundle.readExecPid('sh'), 12);
    for (const text of ['', '0', '-1', '1x', '1 2', '99999999999', '0x10', '1.0']) {
      writeFileSync(bundle.initPidFile, text);
      assert.throws(() => bundle.readInitPid(), /not a process id/, text);
    }
    bundle.removeExecPidFile('sh');
    bundle.removeExecPidFile('sh');
    const missing = `open ${bundle.path}/sh.pid: no such file or directory`;
    assert.throws(() => bundle.readExecPid('sh'), { message: missing });
  });

  test('an exec called init keeps its files apart from those of the init', () => {
    assert.notEqual(bundle.execPidFile('init'), bundle.initPidFile);
  });

  test('the process of an exec: private, and in the bundle', () => {
    const path = bundle.writeExecProcess('sh', '{"ü":1}');
    assert.equal(path, join(bundle.path, 'sh.process.json'));
    assert.equal(readFileSync(path, 'utf8'), '{"ü":1}');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('what is private is written to a new file: through no link, and into none that is there', () => {
    const victim = join(bundle.path, 'victim');
    const written: readonly [string, () => void][] = [
      ['options.json', () => bundle.writeOptions(defaultOptions)],
      ['runtime', () => bundle.writeRuntimeName('crun')],
      ['e1.process.json', () => void bundle.writeExecProcess('e1', '{"env":["SECRET=1"]}')],
    ];
    for (const [name, write] of written) {
      const path = join(bundle.path, name);
      writeFileSync(victim, 'kept');
      symlinkSync(victim, path);
      write();
      assert.ok(lstatSync(path).isFile(), name);
      assert.equal(readFileSync(victim, 'utf8'), 'kept');
      rmSync(path);
      // One that everybody may read, and somebody has open.
      writeFileSync(path, 'old');
      chmodSync(path, 0o644);
      linkSync(path, `${path}.open`);
      write();
      assert.equal(statSync(path).mode & 0o777, 0o600, name);
      assert.equal(readFileSync(`${path}.open`, 'utf8'), 'old', name);
    }
  });

  test('a pid namespace of its own', () => {
    assert.equal(bundle.hasOwnPidNamespace(), false);
    const given = (namespaces: unknown): boolean => {
      configure({ linux: { namespaces } });
      return bundle.hasOwnPidNamespace();
    };
    assert.equal(given([{ type: 'mount' }, { type: 'pid' }]), true);
    assert.equal(given([{ type: 'pid', path: '' }]), true);
    assert.equal(given([{ type: 'pid', path: '/proc/1/ns/pid' }]), false);
    assert.equal(given([{ type: 'mount' }, null, 1]), false);
    assert.equal(given([]), false);
    assert.equal(given('pid'), false);
    configure({});
    assert.equal(bundle.hasOwnPidNamespace(), false);
    configure('{');
    assert.equal(bundle.hasOwnPidNamespace(), false);
  });

  test('annotations', () => {
    configure({ annotations: { a: 'b' } });
    assert.deepEqual(bundle.annotations(), { a: 'b' });
    configure({});
    assert.deepEqual(bundle.annotations(), {});
    configure('[]');
    assert.throws(() => bundle.annotations(), /not a JSON object/);
  });
});

test('the environment of runtimes', () => {
  const environment = {
    PATH: '/bin',
    BUN_JSC_useJIT: '0',
    PODSHIM_ADDON: '/x',
    NOTIFY_SOCKET: '/n',
    EMPTY: '',
    NONE: undefined,
    NOTBUN_: 'kept',
  };
  assert.deepEqual(runtimeEnvironment(environment), ['PATH=/bin', 'EMPTY=', 'NOTBUN_=kept']);
});

test('versions', () => {
  const runc = parseVersion('runc version 1.1.5+ds1\ncommit: 1\nspec: 1.0.2-dev\n');
  assert.deepEqual([runc.name, runc.version], ['runc', '1.1.5+ds1']);
  const crun = parseVersion('crun version 1.14.1\ncommit: de5\nrundir: /run/crun\n');
  assert.deepEqual([crun.name, crun.version], ['crun', '1.14.1']);
  assert.deepEqual(parseVersion('hello'), { name: '', version: '', text: 'hello' });
});

test('process lists', () => {
  assert.deepEqual(parseProcessList('[1,2]\n'), [1, 2]);
  assert.deepEqual(parseProcessList('[]'), []);
  assert.deepEqual(parseProcessList('null\n'), []);
  for (const text of ['', '{}', '["1"]', '[1.5]', '1']) {
    assert.throws(() => parseProcessList(text), /not a list of process ids/);
  }
});
