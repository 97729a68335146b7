import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lastSegment, packAny } from '../../../src/proto/any.ts';
import {
  Any,
  BootstrapLogLevel,
  BootstrapParams,
  BootstrapResult,
  CreateTaskRequest,
  ForwardRequest,
  MetricsV1,
  MetricsV2,
  RuncOptions,
  StateRequest,
  StateResponse,
  TaskExit,
  Timestamp,
  UpdateTaskRequest,
} from '../../../src/proto/messages.ts';
import { dateOf, now, timestampOf, zeroTime } from '../../../src/proto/timestamp.ts';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('the wire format', () => {
  test('is what the contract says, byte for byte', () => {
    const exit = TaskExit.encode({
      containerId: 'c',
      id: 'e',
      pid: 300,
      exitStatus: 137,
      exitedAt: { seconds: 1, nanos: 2 },
    });
    assert.equal(hex(exit.finish()), '0a016312016518ac022089012a0408011002');
  });

  test('leaves out fields with their default', () => {
    assert.equal(StateRequest.encode({ id: '', execId: undefined }).finish().length, 0);
  });

  test('sends the year 1 for a time that was never set', () => {
    const bytes = StateResponse.encode({ exitedAt: zeroTime }).finish();
    assert.equal(hex(bytes), '520b088092b8c398feffffff01');
  });

  test('writes a negative log level as ten bytes, and reads it', () => {
    const bytes = BootstrapParams.encode({ logLevel: BootstrapLogLevel.DEBUG }).finish();
    assert.equal(hex(bytes), '18fcffffffffffffffff01');
    assert.equal(BootstrapParams.decode(bytes).logLevel, -4);
  });

  test('tells an optional field that is empty from one that is absent', () => {
    const empty = BootstrapParams.encode({ socketDir: '' }).finish();
    assert.equal(BootstrapParams.decode(empty).socketDir, '');
    assert.equal(BootstrapParams.decode(new Uint8Array(0)).socketDir, undefined);
  });

  test('packs repeated numbers, and reads them unpacked too', () => {
    const packed = MetricsV1.encode({ cpu: { usage: { perCpu: [1, 2n, 300] } } }).finish();
    assert.equal(hex(packed), '1a080a062204' + '0102ac02');
    assert.deepEqual(MetricsV1.decode(packed).cpu?.usage?.perCpu, [1n, 2n, 300n]);
    const unpacked = bytesOf('1a060a0420012002');
    assert.deepEqual(MetricsV1.decode(unpacked).cpu?.usage?.perCpu, [1n, 2n]);
  });

  test('skips what a newer daemon sends', () => {
    const known = hex(StateRequest.encode({ id: 'x' }).finish());
    assert.equal(StateRequest.decode(bytesOf(`f87f01${known}fa7f0161`)).id, 'x');
  });

  test('keeps a map entry that is named like the prototype', () => {
    const bytes = UpdateTaskRequest.encode({
      annotations: JSON.parse('{"a":"1","__proto__":"2"}') as Record<string, string>,
    }).finish();
    const { annotations } = UpdateTaskRequest.decode(bytes);
    assert.deepEqual(Object.entries(annotations), [
      ['a', '1'],
      ['__proto__', '2'],
    ]);
    assert.equal(Object.getPrototypeOf(annotations), Object.prototype);
  });

  test('refuses invalid UTF-8 and lengths that lead out of the message', () => {
    assert.throws(() => StateRequest.decode(bytesOf('0a02c328')));
    assert.throws(() => StateRequest.decode(bytesOf('0a05616263')));
    assert.throws(() => CreateTaskRequest.decode(bytesOf('1a020a05')));
  });
});

describe('64-bit fields', () => {
  const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

  test('lose nothing, unsigned', () => {
    fc.assert(
      fc.property(unsigned, fc.array(unsigned), (current, perCpu) => {
        const v2 = MetricsV2.encode({ pids: { current } }).finish();
        assert.equal(MetricsV2.decode(v2).pids?.current, current);
        const v1 = MetricsV1.encode({ cpu: { usage: { perCpu } } }).finish();
        assert.deepEqual(MetricsV1.decode(v1).cpu?.usage?.perCpu ?? [], perCpu);
      }),
    );
  });

  test('lose nothing, signed', () => {
    fc.assert(
      fc.property(signed, (seconds) => {
        assert.equal(Timestamp.decode(Timestamp.encode({ seconds }).finish()).seconds, seconds);
      }),
    );
  });

  test('take safe integers and halves as well', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seconds) => {
        const bytes = Timestamp.encode({ seconds }).finish();
        assert.equal(Timestamp.decode(bytes).seconds, BigInt(seconds));
      }),
    );
    const halves = { low: -1, high: -1, unsigned: true };
    const bytes = MetricsV2.encode({ pids: { limit: halves } }).finish();
    assert.equal(MetricsV2.decode(bytes).pids?.limit, 2n ** 64n - 1n);
  });

  test('refuse what does not fit', () => {
    const encode = (current: bigint | number) => MetricsV2.encode({ pids: { current } });
    for (const value of [-1n, 2n ** 64n, -1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY]) {
      assert.throws(() => encode(value), RangeError, String(value));
    }
    assert.throws(() => Timestamp.encode({ seconds: 2n ** 63n }), RangeError);
  });
});

describe('every message', () => {
  test('comes back as it was encoded', () => {
    const text = fc.string({ unit: 'grapheme' });
    const plain = { noNullPrototype: true } as const;
    const any = fc.record({ typeUrl: text, value: fc.uint8Array() }, plain);
    const create = fc.record(
      {
        id: text,
        bundle: text,
        rootfs: fc.array(
          fc.record({ type: text, source: text, target: text, options: fc.array(text) }, plain),
        ),
        terminal: fc.boolean(),
        stdin: text,
        stdout: text,
        stderr: text,
        checkpoint: text,
        parentCheckpoint: text,
        options: fc.option(any, { nil: undefined }),
      },
      plain,
    );
    fc.assert(
      fc.property(create, (message) => {
        const decoded = CreateTaskRequest.decode(CreateTaskRequest.encode(message).finish());
        const value = decoded.options && { ...decoded.options };
        if (value) value.value = new Uint8Array(value.value);
        assert.deepEqual({ ...decoded, options: value }, message);
      }),
    );
  });

  test('has its texts whole, whatever their length in characters and in bytes', () => {
    for (const unit of ['a', 'é', '€', '\u{1f600}', '\ud800']) {
      for (let count = 0; count < 300; count += 1) {
        const [id, bundle] = [unit.repeat(count), 'b'.repeat(count)];
        const times = { exitedAt: zeroTime, exitStatus: 7 };
        const decoded = StateResponse.decode(
          StateResponse.encode({ id, bundle, ...times, execId: id }).finish(),
        );
        assert.equal(decoded.id, id.replaceAll('\ud800', '\ufffd'));
        assert.deepEqual([decoded.bundle, decoded.execId], [bundle, decoded.id]);
        assert.deepEqual(decoded.exitedAt, { seconds: -62_135_596_800n, nanos: 0 });
        assert.equal(decoded.exitStatus, 7);
      }
    }
  });

  test('ends on any input, with a message or an error', () => {
    const codecs = [CreateTaskRequest, StateResponse, ForwardRequest, MetricsV2, BootstrapResult];
    fc.assert(
      fc.property(fc.constantFrom(...codecs), fc.uint8Array({ maxLength: 200 }), (codec, bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Any', () => {
  test('has the full name of the message as its type URL', () => {
    const value = RuncOptions.encode({ binaryName: 'crun', ioUid: 1000 }).finish();
    const any = Any.decode(Any.encode(packAny(RuncOptions.fullName, value)).finish());
    assert.equal(any.typeUrl, 'containerd.runc.v1.Options');
    assert.equal(RuncOptions.decode(any.value).binaryName, 'crun');
    assert.equal(lastSegment('type.googleapis.com/containerd.runc.v1.Options'), any.typeUrl);
    assert.equal(lastSegment(any.typeUrl), any.typeUrl);
  });
});

describe('timestamps', () => {
  test('round down to the second, also before 1970', () => {
    assert.deepEqual(timestampOf({ milliseconds: 1500 }), { seconds: 1, nanos: 500_000_000 });
    assert.deepEqual(timestampOf({ milliseconds: -1 }), { seconds: -1, nanos: 999_000_000 });
    assert.deepEqual(timestampOf(new Date(0)), { seconds: 0, nanos: 0 });
    assert.throws(() => timestampOf({ milliseconds: Number.NaN }), RangeError);
  });

  test('never reach a whole second in nanos', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (milliseconds) => {
        const { seconds, nanos } = timestampOf({ milliseconds });
        assert.ok(Number.isSafeInteger(seconds) && nanos >= 0 && nanos < 1e9);
      }),
    );
  });

  test('come back as a Date', () => {
    const before = Date.now();
    const date = dateOf(Timestamp.decode(Timestamp.encode(now()).finish()));
    assert.ok(date.getTime() >= before && date.getTime() <= Date.now());
  });
});
