import { bunPlatform } from './bun.ts';
import type { Accept, Connection, ConnectionHandlers, Listener } from './connection.ts';
import { nodePlatform } from './node.ts';

export type { Accept, Connection, ConnectionHandlers, Listener } from './connection.ts';

/** Everything that differs between Bun and Node. Nothing outside this folder knows which one it runs on. */
export interface Platform {
  readonly name: 'bun' | 'node';
  version(): string;
  /** Serves a listening stream socket; takes over the descriptor. */
  listen(descriptor: number, accept: Accept): Listener;
  /**
   * Connects to a Unix socket.
   * @throws an error whose `code` is the errno name (ENOENT, ECONNREFUSED, …).
   */
  connect(path: string, handlers: ConnectionHandlers): Promise<Connection>;
  /**
   * Takes every connection that is quiet out of the event loop, where the runtime's sockets keep it from sleeping. Nobody
   * who uses a connection notices: it comes back with the next thing that happens to it.
   * @param awake is called from now on whenever a connection is new, has come back, or has become quiet enough to leave:
   * as long as it is not called, there is nothing more to park
   */
  parkConnections(awake: () => void): void;
  sha256Hex(text: string): string;
  /** Has compiled code thrown away, once the current turn of the event loop is over: it is decoded again when it is called. */
  dropCode(): void;
  /** Runs a full collection where the runtime offers one. Compiled code goes as well, once the current turn is over. */
  collectGarbage(): void;
  /** The command that starts this very program again: the compiled binary, or a runtime and its script. */
  selfCommand(): { readonly path: string; readonly argv: readonly string[] };
}

/** Set by the build where only Bun will run it, which then leaves Node's side out. */
declare const PODSHIM_FOR_BUN: true | undefined;

export const platform: Platform =
  typeof PODSHIM_FOR_BUN !== 'undefined' || 'Bun' in globalThis ? bunPlatform : nodePlatform;
