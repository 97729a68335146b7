import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseFlags } from '../../../src/flags.ts';
import { encodeAnswer, readStartRequest } from '../../../src/manager/bootstrap.ts';
import { shimCgroupOf } from '../../../src/manager/shimCgroup.ts';
import {
  Any,
  BootstrapParams,
  BootstrapResult,
  LegacyCreateOptions,
  RuncOptions,
  RuntimeOptionsV1,
} from '../../../src/proto/messages.ts';

const flags = parseFlags(
  ['-namespace', 'ns', '-id', 'abc', '-address', '/a.sock', 'start'],
  'shim',
);
const bytes = (text: string) => new TextEncoder().encode(text);

describe('bootstrap', () => {
  test('nothing on stdin: the flags alone', () => {
    assert.deepEqual(readStartRequest(new Uint8Array(0), flags), {
      bootstrap: false,
      namespace: 'ns',
      id: 'abc',
      address: '/a.sock',
      debug: false,
      ttrpcAddress: undefined,
      socketDirectory: '/run/containerd/s',
      socketDirectoryGiven: false,
      options: [],
    });
  });

  test('BootstrapParams with everything', () => {
    const value = RuncOptions.encode({ shimCgroup: '/x' }).finish();
    const request = readStartRequest(
      BootstrapParams.encode({
        instanceId: 'abc',
        namespace: 'ns',
        logLevel: -8,
        containerdVersion: '2.3.4',
        containerdTtrpcAddress: '/t.sock',
        containerdGrpcAddress: '/g.sock',
        containerdBinary: '/usr/bin/containerd',
        extensions: [{ value: { typeUrl: 'containerd.runc.v1.Options', value } }],
        socketDir: '/run/s',
      }).finish(),
      flags,
    );
    assert.equal(request.bootstrap, true);
    assert.equal(request.debug, true);
    assert.equal(request.address, '/g.sock');
    assert.equal(request.ttrpcAddress, '/t.sock');
    assert.equal(request.socketDirectory, '/run/s');
    assert.equal(request.socketDirectoryGiven, true);
    assert.deepEqual(
      request.options.map(({ typeUrl }) => typeUrl),
      ['containerd.runc.v1.Options'],
    );
    assert.deepEqual([...(request.options[0]?.value ?? [])], [...value]);
  });

  test('debug mode is a level of -4 and below, or the flag', () => {
    const debug = (logLevel: number, words: string[] = []) =>
      readStartRequest(
        BootstrapParams.encode({ instanceId: 'abc', namespace: 'ns', logLevel }).finish(),
        parseFlags([...words, '-namespace', 'ns', '-id', 'abc', 'start'], 'shim'),
      ).debug;
    assert.deepEqual(
      [-8, -4, 0, 4, 12].map((level) => debug(level)),
      [true, true, false, false, false],
    );
    assert.equal(debug(0, ['-debug']), true);
  });

  test('an Any that parses as BootstrapParams stays an Any', () => {
    const stdin = Any.encode({
      typeUrl: 'containerd.runc.v1.Options',
      value: bytes('text'),
    }).finish();
    assert.equal(BootstrapParams.decode(stdin).namespace, 'text');
    const request = readStartRequest(stdin, flags);
    assert.equal(request.bootstrap, false);
    assert.equal(request.options[0]?.typeUrl, 'containerd.runc.v1.Options');
  });

  test('whatever comes, it is taken for nothing rather than refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (stdin) => {
        const request = readStartRequest(stdin, flags);
        assert.equal(request.bootstrap, false);
        assert.equal(request.address, '/a.sock');
      }),
    );
  });

  test('agrees with protobufjs about every BootstrapParams', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(text, text, text, fc.integer(), (ttrpc, grpc, directory, logLevel) => {
        const request = readStartRequest(
          BootstrapParams.encode({
            instanceId: 'abc',
            namespace: 'ns',
            logLevel,
            containerdTtrpcAddress: ttrpc,
            containerdGrpcAddress: grpc,
            socketDir: directory,
          }).finish(),
          flags,
        );
        assert.equal(request.ttrpcAddress ?? '', ttrpc);
        assert.equal(request.address, grpc || '/a.sock');
        assert.equal(request.socketDirectory, directory || '/run/containerd/s');
        assert.equal(request.debug, (logLevel | 0) <= -4);
      }),
    );
  });

  test('both answers', () => {
    const request = readStartRequest(new Uint8Array(0), flags);
    const address = `unix:///run/${'x'.repeat(200)}`;
    assert.equal(new TextDecoder().decode(encodeAnswer(request, address)), address);
    const answer = encodeAnswer({ ...request, bootstrap: true }, address);
    assert.deepEqual(
      [...answer],
      [...BootstrapResult.encode({ version: 3, address, protocol: 'ttrpc' }).finish()],
    );
    // containerd 2.3.0 to 2.3.3 cut white space off both ends before parsing.
    assert.ok(![9, 10, 11, 12, 13, 32].includes(answer.at(-1) ?? 0));
  });
});

describe('shim_cgroup', () => {
  const runc = RuncOptions.encode({ shimCgroup: '/a/b', binaryName: 'crun' }).finish();

  test('from each type of options', async () => {
    const cases: [string, Uint8Array][] = [
      ['containerd.runc.v1.Options', runc],
      ['type.googleapis.com/containerd.runc.v1.Options', runc],
      [
        'containerd.linux.runc.CreateOptions',
        LegacyCreateOptions.encode({ shimCgroup: '/a/b' }).finish(),
      ],
      [
        'runtimeoptions.v1.Options',
        RuntimeOptionsV1.encode({ configBody: bytes('ShimCgroup = "/a/b"\n') }).finish(),
      ],
    ];
    for (const [typeUrl, value] of cases) {
      assert.equal(await shimCgroupOf([{ typeUrl, value }]), '/a/b', typeUrl);
    }
  });

  test('there is none in options without it, of unknown types, and in broken ones', async () => {
    const cases: [string, Uint8Array][] = [
      ['containerd.runc.v1.Options', RuncOptions.encode({ binaryName: 'x' }).finish()],
      ['containerd.runc.v1.Options', new Uint8Array([0x1a, 0xff])],
      ['example.com/other', runc],
      ['runtimeoptions.v1.Options', new Uint8Array([0x1a, 0xff])],
      [
        'runtimeoptions.v1.Options',
        RuntimeOptionsV1.encode({ configBody: bytes('SystemdCgroup = true\n') }).finish(),
      ],
      [
        'runtimeoptions.v1.Options',
        RuntimeOptionsV1.encode({ configBody: bytes('ShimCgroup = [broken') }).finish(),
      ],
    ];
    for (const [typeUrl, value] of cases) {
      assert.equal(await shimCgroupOf([{ typeUrl, value }]), undefined, typeUrl);
    }
    assert.equal(await shimCgroupOf([]), undefined);
  });
});
