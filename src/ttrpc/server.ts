import { type Logger, silentLogger } from '../platform/log.ts';
import {
  type Connection,
  type ConnectionHandlers,
  type Listener,
  platform,
} from '../platform/runtime.ts';
import type { Call } from './call.ts';
import { ServerConnection } from './serverConnection.ts';
import { RouteTable, type Service } from './service.ts';

export type { Call, Metadata } from './call.ts';
export type { ServerStream, StreamHandler } from './serverStream.ts';
export { decodePayload, type Service, type UnaryHandler, unary } from './service.ts';

export interface ServerOptions {
  readonly services: readonly Service[];
  /** Decides about each new connection; false closes it without an answer. */
  readonly authorize?: (connection: Connection) => boolean;
  /** Told of everything that clients send. */
  readonly activity?: () => void;
  readonly logger?: Logger;
}

/** A ttrpc server. One slow handler delays no other call, one unread connection no other connection. */
export class Server {
  readonly #routes: RouteTable;
  readonly #authorize: ((connection: Connection) => boolean) | undefined;
  readonly #activity: (() => void) | undefined;
  readonly #logger: Logger;
  readonly #connections = new Set<ServerConnection>();
  readonly #listeners = new Set<Listener>();
  #closing = false;
  #onEmpty: (() => void) | undefined;

  /** @throws Error when two services have one name. */
  constructor({ services, authorize, activity, logger = silentLogger }: ServerOptions) {
    this.#routes = new RouteTable(services);
    this.#authorize = authorize;
    this.#activity = activity;
    this.#logger = logger;
  }

  /** Serves a listening socket, and takes over its descriptor. */
  serve(descriptor: number): void {
    if (this.#closing) throw new Error('ttrpc: server closed');
    this.#listeners.add(platform.listen(descriptor, (connection) => this.accept(connection)));
  }

  /** Takes one connection, as `platform.listen` hands it over. @returns undefined to refuse it. */
  accept(connection: Connection): ConnectionHandlers | undefined {
    if (this.#closing) return undefined;
    if (this.#authorize !== undefined && !this.#authorize(connection)) {
      this.#logger.warn({ descriptor: connection.descriptor }, 'connection refused');
      return undefined;
    }
    const served = new ServerConnection(connection, this.#routes, this.#activity, (closed) => {
      this.#connections.delete(closed);
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
    this.#connections.add(served);
    return served;
  }

  /** Accepts no more connections; those that are open go on. */
  stopListening(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Every call whose handler has not answered yet. */
  *inFlight(): Iterable<Call> {
    for (const connection of this.#connections) yield* connection.inFlight();
  }

  /**
   * Sends the answers that are waiting, then closes every connection; calls in flight are cancelled. Clients that do
   * not take their answers within the limit are cut off.
   */
  async close(limitMilliseconds = 1000): Promise<void> {
    this.#closing = true;
    this.stopListening();
    // The call that asks for the end may be one of ours: what this turn still answers goes out.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of [...this.#connections]) connection.end();
    const limit = setTimeout(() => {
      for (const connection of [...this.#connections]) connection.destroy();
    }, limitMilliseconds);
    await empty;
    clearTimeout(limit);
  }
}
