import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MalformedMessageError } from '../../../src/ttrpc/protobufCursor.ts';
import {
  decodeMetadata,
  encodeRequest,
  RequestEnvelope,
  type RequestFields,
  routeKey,
} from '../../../src/ttrpc/requestEnvelope.ts';
import {
  decodeResponse,
  encodeFailure,
  putSuccess,
  sizeOfSuccess,
} from '../../../src/ttrpc/responseEnvelope.ts';
import { Code, type Code as CodeType, StatusError } from '../../../src/ttrpc/status.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 150 });
const requests: fc.Arbitrary<RequestFields> = fc.record({
  service: text,
  method: text,
  payload: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  timeoutNanos: fc.nat(Number.MAX_SAFE_INTEGER),
  metadata: fc
    .array(fc.tuple(fc.string(), fc.array(text, { minLength: 1 })))
    .map((entries) => new Map(entries.map(([key, values]) => [key.toLowerCase(), values]))),
});

function read(bytes: Uint8Array): RequestEnvelope {
  const envelope = new RequestEnvelope();
  envelope.read(bytes, 0, bytes.length);
  return envelope;
}

describe('the request envelope', () => {
  test('comes back as it was encoded, wherever it lies', () => {
    const envelope = new RequestEnvelope();
    fc.assert(
      fc.property(requests, fc.nat(20), (request, offset) => {
        const encoded = encodeRequest(request);
        const bytes = new Uint8Array(offset + encoded.length + 5).fill(0xff);
        bytes.set(encoded, offset);
        envelope.read(bytes, offset, offset + encoded.length);
        const key = routeKey(request.service, request.method);
        assert.equal(envelope.route, key ?? '');
        envelope.readNames();
        assert.equal(envelope.service, request.service);
        assert.equal(envelope.method, request.method);
        assert.equal(envelope.hasPayload, request.payload !== undefined);
        assert.deepEqual(envelope.payload(), request.payload ?? new Uint8Array(0));
        assert.equal(envelope.timeoutNanos, request.timeoutNanos);
        assert.equal(envelope.hasMetadata, request.metadata?.size !== 0);
        if (envelope.hasMetadata) {
          assert.deepEqual(decodeMetadata(envelope.metadataBytes()), request.metadata);
        }
      }),
    );
  });

  test('has bytes that Go writes', () => {
    const request = encodeRequest({
      service: 's',
      method: 'm',
      payload: Uint8Array.of(9),
      timeoutNanos: 2_000_000_000,
      metadata: new Map([['Containerd-Namespace-Ttrpc', ['k8s.io']]]),
    });
    const pair = Array.from(new TextEncoder().encode('containerd-namespace-ttrpc'));
    const value = Array.from(new TextEncoder().encode('k8s.io'));
    assert.deepEqual(Array.from(request), [
      ...[0x0a, 1, 0x73, 0x12, 1, 0x6d, 0x1a, 1, 9],
      ...[0x20, 0x80, 0xa8, 0xd6, 0xb9, 0x07],
      ...[0x2a, 36, 0x0a, 26, ...pair, 0x12, 6, ...value],
    ]);
  });

  test('is read in any order of fields, the last one counting', () => {
    const envelope = read(
      Uint8Array.of(0x12, 1, 0x61, 0x1a, 1, 5, 0x0a, 1, 0x62, 0x12, 1, 0x63, 0x1a, 1, 6),
    );
    envelope.readNames();
    assert.equal(envelope.service, 'b');
    assert.equal(envelope.method, 'c');
    assert.deepEqual(envelope.payload(), Uint8Array.of(6));
  });

  test('skips fields it does not know', () => {
    const envelope = read(
      Uint8Array.of(0x0a, 1, 0x73, 0x12, 1, 0x6d, 0x32, 2, 1, 1, 0x38, 1, 0x4d, 1, 2, 3, 4),
    );
    assert.equal(envelope.route, routeKey('s', 'm'));
  });

  test('keeps the sign of a timeout', () => {
    const all = Array.from({ length: 9 }, () => 0xff);
    assert.equal(read(Uint8Array.of(0x20, ...all, 1)).timeoutNanos, -1);
    const seconds = read(
      Uint8Array.of(0x20, 0x80, 0xec, 0x94, 0xa3, 0xfc, 0xff, 0xff, 0xff, 0xff, 1),
    );
    assert.equal(seconds.timeoutNanos, -1_000_000_000);
  });

  test('puts the values of a repeated key together', () => {
    const pair = (value: number) => [0x2a, 6, 0x0a, 1, 0x4b, 0x12, 1, value];
    const envelope = read(Uint8Array.of(...pair(0x61), ...pair(0x62)));
    assert.deepEqual(decodeMetadata(envelope.metadataBytes()), new Map([['k', ['a', 'b']]]));
  });

  test('is refused with a clear error when it is malformed', () => {
    const malformed: [string, number[]][] = [
      ['message is truncated', [0x1a, 5, 1]],
      ['message is truncated', [0x1a]],
      ['message is truncated', [0x3d, 1, 2]],
      ['field number 0', [0x02, 0]],
      ['varint is too long', [0x20, ...Array.from({ length: 10 }, () => 0xff)]],
      ['wire type 3 is not supported', [0x33]],
      ['string field contains invalid UTF-8', [0x0a, 2, 0xc3, 0x28]],
      ['string field contains invalid UTF-8', [0x0a, 1, 0xff, 0x12, 1, 0x6d]],
    ];
    for (const [message, bytes] of malformed) {
      assert.throws(() => read(Uint8Array.from(bytes)), { name: 'MalformedMessageError', message });
    }
  });
});

describe('the response envelope', () => {
  test('of a success has the payload only, and nothing for an empty one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (payload) => {
        const bytes = new Uint8Array(sizeOfSuccess(payload.length) + 1).fill(0xaa);
        putSuccess(bytes, 1, payload, payload.length);
        assert.equal(bytes[0], 0xaa);
        assert.deepEqual(decodeResponse(bytes, 1, bytes.length), payload);
      }),
    );
    assert.equal(sizeOfSuccess(0), 0);
  });

  test('of a failure has code and text', () => {
    const codes = fc.constantFrom(...Object.values(Code).filter((code) => code !== Code.OK));
    fc.assert(
      fc.property(codes, text, (code: CodeType, message) => {
        const bytes = encodeFailure(new StatusError(code, message));
        const failure = decodeResponse(bytes, 0, bytes.length);
        assert.ok(failure instanceof StatusError);
        assert.deepEqual([failure.code, failure.message], [code, message]);
      }),
    );
  });

  test('takes a code it does not know as Unknown, and an OK status as success', () => {
    const unknown = decodeResponse(Uint8Array.of(0x0a, 2, 0x08, 99), 0, 4);
    assert.ok(unknown instanceof StatusError && unknown.code === Code.Unknown);
    assert.deepEqual(
      decodeResponse(Uint8Array.of(0x0a, 2, 0x08, 0, 0x12, 1, 7), 0, 7),
      Uint8Array.of(7),
    );
  });
});

describe('fuzzed bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Valid envelopes with a few bytes changed go deeper than noise does.
    fc
      .tuple(requests, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([request, changes]) => {
        const encoded = encodeRequest(request);
        for (const [at, value] of changes) encoded[at % encoded.length] = value;
        return encoded;
      }),
  );

  test('give an envelope or a typed error, always', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        for (const decode of [
          () => {
            const envelope = read(input);
            envelope.readNames();
            envelope.payload();
            if (envelope.hasMetadata) decodeMetadata(envelope.metadataBytes());
          },
          () => decodeResponse(input, 0, input.length),
        ]) {
          try {
            decode();
          } catch (error) {
            assert.ok(error instanceof MalformedMessageError, String(error));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
