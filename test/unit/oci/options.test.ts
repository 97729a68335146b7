import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeCheckpointOptions } from '../../../src/oci/checkpointOptions.ts';
import { decodeOptions } from '../../../src/oci/decodeOptions.ts';
import {
  defaultOptions,
  optionsFromJson,
  optionsToJson,
  type RuntimeOptions,
} from '../../../src/oci/options.ts';
import {
  LegacyCheckpointOptions,
  LegacyCreateOptions,
  LegacyRuncOptions,
  RuncCheckpointOptions,
  RuncOptions,
  RuntimeOptionsV1,
} from '../../../src/proto/messages.ts';

const everything: RuntimeOptions = {
  noPivotRoot: true,
  noNewKeyring: true,
  shimCgroup: '/shim',
  ioUid: 1000,
  ioGid: 0xffffffff,
  binaryName: 'crun',
  root: '/run/other',
  criuPath: '/usr/sbin/criu',
  systemdCgroup: true,
  criuImagePath: '/image',
  criuWorkPath: '/work',
  noDirectPath: true,
};

/** As far as the proto file knows it. */
const ofProto = (options: RuntimeOptions): RuntimeOptions => ({ ...options, noDirectPath: false });

const anyOptions: fc.Arbitrary<RuntimeOptions> = fc.record(
  {
    noPivotRoot: fc.boolean(),
    noNewKeyring: fc.boolean(),
    shimCgroup: fc.string(),
    ioUid: fc.nat(0xffffffff),
    ioGid: fc.nat(0xffffffff),
    binaryName: fc.string(),
    root: fc.string(),
    criuPath: fc.string(),
    systemdCgroup: fc.boolean(),
    criuImagePath: fc.string(),
    criuWorkPath: fc.string(),
    noDirectPath: fc.boolean(),
  },
  { noNullPrototype: true },
);

describe('options.json', () => {
  test("the proto file's names, zero values left out", () => {
    assert.equal(optionsToJson(defaultOptions), '{}');
    assert.deepEqual(JSON.parse(optionsToJson(everything)), {
      no_pivot_root: true,
      no_new_keyring: true,
      shim_cgroup: '/shim',
      io_uid: 1000,
      io_gid: 4294967295,
      binary_name: 'crun',
      root: '/run/other',
      criu_path: '/usr/sbin/criu',
      systemd_cgroup: true,
      criu_image_path: '/image',
      criu_work_path: '/work',
      no_direct_path: true,
    });
  });

  test('round trip', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        assert.deepEqual(optionsFromJson(optionsToJson(options)), options);
      }),
    );
  });

  test('names from another shim are left out; wrong types are refused', () => {
    const text = '{"root":"/r","task_api_address":"unix:///x"}';
    assert.deepEqual(optionsFromJson(text), { ...defaultOptions, root: '/r' });
    assert.throws(() => optionsFromJson('{"root":1}'), /runtime option root: expected a string/);
    assert.throws(() => optionsFromJson('{"io_uid":-1}'), /io_uid: expected an unsigned 32-bit/);
    assert.throws(() => optionsFromJson('[]'), /not a JSON object/);
    assert.throws(() => optionsFromJson('{'));
  });
});

describe('options in an Any', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'podshim-options-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const toml = (configBody: string, configPath = ''): ReturnType<typeof decodeOptions> => {
    const message = { configPath, configBody: new TextEncoder().encode(configBody) };
    const value = RuntimeOptionsV1.encode(message).finish();
    return decodeOptions({ typeUrl: 'runtimeoptions.v1.Options', value });
  };
  const tomlFails = (text: string, expected: RegExp): Promise<void> =>
    assert.rejects(async () => toml(text), expected);

  test('none, and none of any type', () => {
    assert.equal(decodeOptions(undefined), defaultOptions);
    const empty = { typeUrl: 'whatever', value: new Uint8Array(0) };
    assert.equal(decodeOptions(empty), defaultOptions);
  });

  test('runc options, with any prefix before the type', () => {
    const value = RuncOptions.encode({ ...everything, taskApiAddress: 'x' }).finish();
    assert.deepEqual(
      decodeOptions({ typeUrl: 'containerd.runc.v1.Options', value }),
      ofProto(everything),
    );
    const typeUrl = 'type.googleapis.com/containerd.runc.v1.Options';
    assert.deepEqual(decodeOptions({ typeUrl, value }), ofProto(everything));
    fc.assert(
      fc.property(anyOptions, (options) => {
        const bytes = RuncOptions.encode(options).finish();
        if (bytes.length === 0) return;
        assert.deepEqual(decodeOptions({ typeUrl, value: bytes }), ofProto(options));
      }),
    );
  });

  test('the options of the old linux runtime', async () => {
    const old = { runtime: 'crun', runtimeRoot: '/r', criuPath: '/c', systemdCgroup: true };
    const value = LegacyRuncOptions.encode(old).finish();
    assert.deepEqual(await decodeOptions({ typeUrl: 'containerd.linux.runc.RuncOptions', value }), {
      ...defaultOptions,
      ...{ binaryName: 'crun', root: '/r', criuPath: '/c', systemdCgroup: true },
    });
    const create = { noPivotRoot: true, shimCgroup: '/s', ioUid: 5, criuWorkPath: '/w' };
    const typeUrl = 'containerd.linux.runc.CreateOptions';
    assert.deepEqual(
      await decodeOptions({ typeUrl, value: LegacyCreateOptions.encode(create).finish() }),
      {
        ...defaultOptions,
        ...create,
      },
    );
  });

  test('a type that is not known is named', async () => {
    const value = new Uint8Array([8, 1]);
    for (const typeUrl of ['my.own.Options', 'containerd.runc.v1.CheckpointOptions']) {
      await assert.rejects(async () => decodeOptions({ typeUrl, value }), {
        message: `type with url ${typeUrl}: not found`,
      });
    }
    const options = { typeUrl: 'containerd.runc.v1.Options', value };
    assert.throws(() => decodeCheckpointOptions(options), /type with url/);
  });

  test('TOML with the keys that admins write', async () => {
    const text = `
      # from /etc/containerd/config.toml
      SystemdCgroup = true
      BinaryName = "/usr/bin/crun"
      Root = '/run/crun'
      NoPivotRoot = true
      no_new_keyring = true
      shimcgroup = "/s"
      IoUid = 7
      IoGid = 0x08
      CriuWorkPath = "/w"
      TypeUrl = ""
      ConfigPath = ""
      TaskApiVersion = 3
    `;
    assert.deepEqual(await toml(text), {
      ...defaultOptions,
      systemdCgroup: true,
      binaryName: '/usr/bin/crun',
      root: '/run/crun',
      noPivotRoot: true,
      noNewKeyring: true,
      shimCgroup: '/s',
      ioUid: 7,
      ioGid: 8,
      criuWorkPath: '/w',
    });
    assert.deepEqual(await toml(' \n'), defaultOptions);
  });

  test('TOML from a file', async () => {
    const path = join(directory, 'options.toml');
    writeFileSync(path, 'BinaryName = "crun"');
    assert.deepEqual(await toml('', path), { ...defaultOptions, binaryName: 'crun' });
    const missing = join(directory, 'missing');
    await assert.rejects(async () => toml('', missing), {
      message: `open ${missing}: no such file or directory`,
    });
  });

  test('TOML with mistakes', async () => {
    await tomlFails('Sytemd = 1', /^Error: runtime options: unknown key "Sytemd"$/);
    await tomlFails('A = 1\nRoot = "x"\nB = 2', /unknown keys "A", "B"$/);
    await tomlFails('SystemdCgroup = "true"', /runtime option SystemdCgroup: expected a boolean$/);
    await tomlFails('IoUid = 1.5', /IoUid: expected an unsigned 32-bit integer$/);
    await tomlFails('IoUid = -1', /IoUid: expected an unsigned 32-bit integer$/);
    await tomlFails('Root = 1979-05-27', /Root: expected a string$/);
    await tomlFails(
      'Root = "/x"\nBinaryName = x',
      /^Error: runtime options: Invalid TOML document: [a-z ]+ \(line 2, column \d+\)$/,
    );
    await tomlFails('Root = ', /^Error: runtime options: /);
    await tomlFails(`${'x'.repeat(10_000)} = 1`, /^.{200,400}$/);
    const many = Array.from({ length: 1000 }, (_, index) => `k${index} = 1\n`).join('');
    await tomlFails(many, /: unknown keys "k0", .*"k9" and 990 more$/);
    await tomlFails('A = 1\nRoot = \n', /^Error: runtime options: [^\n]+ \(line 2, column \d+\)$/);
  });

  test('checkpoint options: the old package has two numbers swapped', () => {
    const common = { exit: true, openTcp: true, emptyNamespaces: ['network'], workPath: '/work' };
    const expected = {
      ...{ exit: true, openTcp: true, externalUnixSockets: false, terminal: false },
      ...{ fileLocks: false, emptyNamespaces: ['network'], workPath: '/work' },
    };
    const current = { ...common, imagePath: '/image', parentPath: '/parent' };
    const value = RuncCheckpointOptions.encode(current).finish();
    const typeUrl = 'containerd.runc.v1.CheckpointOptions';
    assert.deepEqual(decodeCheckpointOptions({ typeUrl, value }), {
      ...expected,
      parentPath: '/parent',
    });
    const legacy = LegacyCheckpointOptions.encode({ ...common, imagePath: '/image' }).finish();
    const legacyUrl = 'containerd.linux.runc.CheckpointOptions';
    assert.deepEqual(decodeCheckpointOptions({ typeUrl: legacyUrl, value: legacy }), {
      ...expected,
      parentPath: '',
    });
    assert.equal(decodeCheckpointOptions(undefined).workPath, '');
  });
});
