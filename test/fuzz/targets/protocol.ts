import type { ShimFlags } from '../../../src/flags.ts';
import { parseFlags, UsageError } from '../../../src/flags.ts';
import { readStartRequest } from '../../../src/manager/bootstrap.ts';
import * as messages from '../../../src/proto/messages.ts';
import { FrameParser } from '../../../src/ttrpc/frame.ts';
import {
  decodeMetadata,
  encodeRequest,
  RequestEnvelope,
} from '../../../src/ttrpc/requestEnvelope.ts';
import { decodeResponse, encodeFailure } from '../../../src/ttrpc/responseEnvelope.ts';
import { notFound, StatusError } from '../../../src/ttrpc/status.ts';
import { frameBytes } from '../../support/rawConnection.ts';
import { expect, expectEqual, parserTarget } from '../parserTarget.ts';
import { messageSamples } from '../support/messageSamples.ts';
import { Random } from '../support/random.ts';
import { Finding, type FuzzTarget } from '../target.ts';

const request = encodeRequest({
  service: 'containerd.task.v2.Task',
  method: 'State',
  payload: messages.StateRequest.encode({ id: 'c1', execId: 'e1' }).finish(),
  timeoutNanos: 2_000_000_000,
  metadata: new Map([['containerd-namespace-ttrpc', ['k8s.io', 'default']]]),
});

/** The frames that come out when a stream arrives in pieces of these lengths. */
function framesOf(stream: Uint8Array, pieceOf: () => number): string[] {
  const seen: string[] = [];
  const parser = new FrameParser({
    frame(id, type, flags, bytes, start, end) {
      expect('a frame outside its chunk', start >= 0 && start <= end && end <= bytes.length);
      seen.push(
        `${id} ${type} ${flags} ${Buffer.from(bytes.slice(start, end)).toString('base64')}`,
      );
    },
    overLong: (id, length) => void seen.push(`${id} is ${length} long`),
  });
  for (let at = 0; at < stream.length; ) {
    const length = Math.max(1, pieceOf());
    parser.push(stream.slice(at, at + length));
    at += length;
  }
  return seen;
}

function readEnvelope(input: Uint8Array): void {
  const envelope = new RequestEnvelope();
  envelope.read(input, 0, input.length);
  envelope.readNames();
  const metadata = envelope.hasMetadata ? decodeMetadata(envelope.metadataBytes()) : undefined;
  const { service, method, timeoutNanos } = envelope;
  const payload = envelope.payload();
  if (timeoutNanos < 0 || !Number.isSafeInteger(timeoutNanos)) return;
  const again = encodeRequest({ service, method, payload, timeoutNanos, metadata });
  envelope.read(again, 0, again.length);
  envelope.readNames();
  const read = { service: envelope.service, method: envelope.method };
  expectEqual('names, written and read', read, { service, method });
  expectEqual('the payload, written and read', envelope.payload(), payload);
  expectEqual('the limit, written and read', envelope.timeoutNanos, timeoutNanos);
}

/** Every message that there is reads it. What one accepts, it writes so that it reads the same again. */
function readAsEachMessage(input: Uint8Array): void {
  for (const type of Object.values<unknown>({ ...messages })) {
    if (!isCodec(type)) continue;
    let message: unknown;
    try {
      message = type.decode(input);
    } catch (error) {
      if (!(error instanceof Error) || /call stack/i.test(error.message)) {
        throw new Finding(`${type.fullName}: ${String(error)}`);
      }
      continue;
    }
    const bytes = type.encode(message).finish().slice();
    const again = type.encode(type.decode(bytes)).finish();
    expectEqual(`${type.fullName}, written again`, again, bytes);
  }
}

interface Codec {
  readonly fullName: string;
  decode(bytes: Uint8Array): unknown;
  encode(message: unknown): { finish(): Uint8Array };
}

function isCodec(value: unknown): value is Codec {
  return typeof value === 'object' && value !== null && 'fullName' in value && 'decode' in value;
}

const flags: ShimFlags = {
  ...{ debug: false, version: false, info: false, namespace: 'k8s.io', id: 'c1', socket: '' },
  ...{ debugSocket: '', bundle: '', address: '/run/a.sock', publishBinary: '', action: 'start' },
};

const bootstrap = messages.BootstrapParams.encode({
  instanceId: 'c1',
  namespace: 'k8s.io',
  logLevel: -4,
  containerdTtrpcAddress: '/run/a.sock.ttrpc',
  containerdGrpcAddress: '/run/a.sock',
  socketDir: '/run/s',
}).finish();

export const protocolTargets: readonly FuzzTarget[] = [
  parserTarget({
    name: 'frames',
    what: 'the byte stream of a connection',
    samples: [
      frameBytes({ streamId: 1, data: request }),
      Buffer.concat([
        frameBytes({ streamId: 1, data: request }),
        frameBytes({ streamId: 3, type: 3, flags: 1 }),
        frameBytes({ streamId: 5, data: request }),
      ]),
      frameBytes({ streamId: 1, data: request, length: 0x40_0001 }),
    ],
    parse(input) {
      const random = new Random(input.length);
      const whole = framesOf(input, () => input.length);
      expectEqual(
        'the stream in pieces',
        framesOf(input, () => random.below(40)),
        whole,
      );
    },
  }),
  parserTarget({
    name: 'requests',
    what: 'the envelope of a request',
    samples: [request],
    parse: readEnvelope,
  }),
  parserTarget({
    name: 'responses',
    what: 'the envelope of an answer',
    samples: [encodeFailure(notFound('container not created')), Uint8Array.of(0x12, 1, 0)],
    parse(input) {
      const response = decodeResponse(input, 0, input.length);
      if (response instanceof StatusError) encodeFailure(response);
    },
  }),
  parserTarget({
    name: 'messages',
    what: 'every protobuf message',
    samples: messageSamples,
    parse: readAsEachMessage,
  }),
  parserTarget({
    name: 'bootstrap',
    what: 'stdin of start',
    samples: [bootstrap, ...messageSamples],
    parse(input) {
      const { bootstrap: isBootstrap, id, namespace } = readStartRequest(input, flags);
      expect('the id and namespace of the flags', id === 'c1' && namespace === 'k8s.io');
      expect('a boolean', typeof isBootstrap === 'boolean');
    },
  }),
  parserTarget({
    name: 'flags',
    what: 'the command line, one word a line',
    samples: [
      '-namespace\nk8s.io\n-address\n/run/a.sock\n-id\nc1\n-debug\nstart',
      '--namespace=k8s.io\n-debug=false\n-bundle=/b\n--\ndelete',
    ],
    words: ['-info', '-v', '-h', '--', '=', '-debug=T', '\n-socket\n', '-'],
    parse(input) {
      try {
        parseFlags(new TextDecoder().decode(input).split('\n'), 'shim');
      } catch (error) {
        // Its output is many lines on purpose: the usage.
        if (!(error instanceof UsageError)) throw error;
      }
    },
  }),
];
