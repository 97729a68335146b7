import { inheritedOpenFiles } from '../posix/limits.ts';
import type { StartRequest } from './bootstrap.ts';
import type { ServerIdentity } from './serverEnvironment.ts';

/** The sockets that the server listens on, as descriptors. */
export interface ServerSockets {
  readonly main: number;
  /** Only with -debug. */
  readonly debug: number | undefined;
}

/** What a server starts with, whichever way it comes to be. */
export interface ServerLaunch {
  /** Its command line, without the program: no action makes it a server (contract 1.1). */
  readonly words: readonly string[];
  readonly identity: ServerIdentity;
  readonly sockets: ServerSockets;
}

/** The server that a request is for. */
export function launchFor(request: StartRequest, sockets: ServerSockets): ServerLaunch {
  const { namespace, id, address, ttrpcAddress } = request;
  const words = ['-namespace', namespace, '-id', id, '-address', address];
  return {
    words: request.debug ? [...words, '-debug'] : words,
    identity: { id, ttrpcAddress, openFiles: inheritedOpenFiles().soft },
    sockets,
  };
}
