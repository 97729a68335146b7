import type { ShimFlags } from '../flags.ts';
import { bytesOf, numberField, numberOf, readFields, stringField, stringOf } from './protobuf.ts';
import { DEFAULT_SOCKET_DIRECTORY } from './socketAddress.ts';

/** Most that `start` reads from stdin, in bytes (contract 15). */
export const STDIN_LIMIT = 10 * 1024 * 1024;

/** LogLevel values up to this one mean debug mode (contract 1.4). */
const DEBUG_LEVEL = -4;

/** Version of the task API that our server is announced with in a BootstrapResult; a bare address means version 2. */
export const TASK_API_VERSION = 3;

/** An options message as it came, not decoded. */
export interface PackedOptions {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** What a `start` is to do, from flags and stdin together. */
export interface StartRequest {
  /** True when stdin was BootstrapParams: then the answer is a BootstrapResult. */
  readonly bootstrap: boolean;
  readonly namespace: string;
  readonly id: string;
  /** The daemon's gRPC address. */
  readonly address: string;
  readonly debug: boolean;
  /** The daemon's ttrpc address where stdin names it; else the environment does. */
  readonly ttrpcAddress: string | undefined;
  readonly socketDirectory: string;
  /** True when stdin named the socket directory, which then goes into the bundle as `s`. */
  readonly socketDirectoryGiven: boolean;
  readonly options: readonly PackedOptions[];
}

/**
 * Reads stdin of `start` (contract 1.4, 14.1). It holds BootstrapParams (2.3 and later), an Any of
 * options (before), or nothing. An Any can parse as BootstrapParams, so they are told apart by the
 * id and namespace they must agree with. What is neither is treated as nothing.
 */
export function readStartRequest(stdin: Uint8Array, flags: ShimFlags): StartRequest {
  const params = tryParse(stdin, parseParams);
  if (params !== undefined && params.id === flags.id && params.namespace === flags.namespace) {
    return {
      bootstrap: true,
      namespace: flags.namespace,
      id: flags.id,
      address: params.address === '' ? flags.address : params.address,
      debug: flags.debug || params.logLevel <= DEBUG_LEVEL,
      ttrpcAddress: params.ttrpcAddress === '' ? undefined : params.ttrpcAddress,
      socketDirectory: params.socketDirectory || DEFAULT_SOCKET_DIRECTORY,
      socketDirectoryGiven: params.socketDirectory !== '',
      options: params.extensions,
    };
  }
  const any = stdin.length === 0 ? undefined : tryParse(stdin, parseAny);
  return {
    bootstrap: false,
    namespace: flags.namespace,
    id: flags.id,
    address: flags.address,
    debug: flags.debug,
    ttrpcAddress: undefined,
    socketDirectory: DEFAULT_SOCKET_DIRECTORY,
    socketDirectoryGiven: false,
    options: any === undefined || any.typeUrl === '' ? [] : [any],
  };
}

/**
 * The answer on stdout (contract 1.5): a BootstrapResult to who sent BootstrapParams, a bare address
 * to everybody else, without a newline.
 */
export function encodeAnswer(
  request: StartRequest,
  address: string,
  version = TASK_API_VERSION,
): Uint8Array {
  if (!request.bootstrap) {
    return new TextEncoder().encode(address);
  }
  return Uint8Array.from([
    ...numberField(1, version),
    ...stringField(2, address),
    ...stringField(3, 'ttrpc'),
  ]);
}

interface Params {
  id: string;
  namespace: string;
  logLevel: number;
  ttrpcAddress: string;
  address: string;
  socketDirectory: string;
  readonly extensions: PackedOptions[];
}

function parseParams(message: Uint8Array): Params {
  const params: Params = {
    id: '',
    namespace: '',
    logLevel: 0,
    ttrpcAddress: '',
    address: '',
    socketDirectory: '',
    extensions: [],
  };
  readFields(message, (number, value) => {
    switch (number) {
      case 1:
        params.id = stringOf(value);
        break;
      case 2:
        params.namespace = stringOf(value);
        break;
      case 3:
        params.logLevel = numberOf(value);
        break;
      case 5:
        params.ttrpcAddress = stringOf(value);
        break;
      case 6:
        params.address = stringOf(value);
        break;
      case 8:
        params.extensions.push(parseExtension(bytesOf(value)));
        break;
      case 9:
        params.socketDirectory = stringOf(value);
        break;
      default:
    }
  });
  return params;
}

function parseExtension(message: Uint8Array): PackedOptions {
  let any: PackedOptions = { typeUrl: '', value: new Uint8Array(0) };
  readFields(message, (number, value) => {
    if (number === 1) {
      any = parseAny(bytesOf(value));
    }
  });
  return any;
}

function parseAny(message: Uint8Array): PackedOptions {
  const any = { typeUrl: '', value: new Uint8Array(0) };
  readFields(message, (number, value) => {
    if (number === 1) {
      any.typeUrl = stringOf(value);
    } else if (number === 2) {
      any.value = bytesOf(value).slice();
    }
  });
  return any;
}

function tryParse<Message>(
  bytes: Uint8Array,
  parse: (bytes: Uint8Array) => Message,
): Message | undefined {
  try {
    return parse(bytes);
  } catch {
    return undefined;
  }
}
