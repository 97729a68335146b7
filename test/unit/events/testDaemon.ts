import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../src/platform/connection.ts';
import { listenUnix } from '../../../src/posix/sockets.ts';
import { ForwardRequest } from '../../../src/proto/messages.ts';
import { Server } from '../../../src/ttrpc/server.ts';
import { type Code, StatusError } from '../../../src/ttrpc/status.ts';

/** What the daemon does with one Forward call. */
export type Behaviour =
  | 'accept'
  /** Never answers. */
  | 'stall'
  /** Closes the connection, as a daemon does that dies before it took the event. */
  | 'breakBefore'
  /** Takes the event and closes the connection instead of answering. */
  | 'breakAfter'
  | { code: Code };

export interface ReceivedEvent {
  topic: string;
  namespace: string;
  typeUrl: string;
  /** Seconds since 1970 of the envelope's stamp. */
  seconds: number;
  value: Uint8Array;
}

/** The events service of containerd on a socket of its own, which can be stopped and started again. */
export class TestDaemon {
  readonly #directory = mkdtempSync(join(tmpdir(), 'podshim-events-'));
  readonly path = join(this.#directory, 'containerd.sock.ttrpc');
  readonly accepted: ReceivedEvent[] = [];
  /** Values of the events it refused for good or not at all, in order of the calls. */
  calls = 0;
  behaviour: (event: ReceivedEvent) => Behaviour = () => 'accept';
  #server: Server | undefined;
  readonly #connections = new Set<Connection>();
  #callWaiters: { calls: number; resolve: () => void }[] = [];

  start(): void {
    rmSync(this.path, { force: true });
    this.#server = new Server({
      services: [
        {
          name: 'containerd.services.events.ttrpc.v1.Events',
          unary: new Map([['Forward', (payload: Uint8Array) => this.#forward(payload)]]),
        },
      ],
      authorize: (connection) => {
        this.#connections.add(connection);
        return true;
      },
    });
    this.#server.serve(listenUnix(this.path, 16));
  }

  /** Like a daemon that is killed: the socket stays behind and refuses. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.stopListening();
    this.breakConnections();
    await server?.close();
  }

  breakConnections(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
  }

  /** Resolves once this many calls have arrived. */
  called(calls: number): Promise<void> {
    if (this.calls >= calls) return Promise.resolve();
    return new Promise((resolve) => this.#callWaiters.push({ calls, resolve }));
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #forward(payload: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const event = decodeEvent(payload);
    this.calls += 1;
    const behaviour = this.behaviour(event);
    if (behaviour === 'accept' || behaviour === 'breakAfter') this.accepted.push(event);
    for (const waiter of this.#callWaiters) if (this.calls >= waiter.calls) waiter.resolve();
    this.#callWaiters = this.#callWaiters.filter((waiter) => this.calls < waiter.calls);
    if (behaviour === 'accept') return new Uint8Array();
    if (typeof behaviour === 'object') throw new StatusError(behaviour.code, 'as the test wants');
    if (behaviour !== 'stall') this.breakConnections();
    return new Promise(() => {});
  }
}

function decodeEvent(payload: Uint8Array): ReceivedEvent {
  const { envelope } = ForwardRequest.decode(payload);
  return {
    topic: envelope?.topic ?? '',
    namespace: envelope?.namespace ?? '',
    typeUrl: envelope?.event?.typeUrl ?? '',
    seconds: Number(envelope?.timestamp?.seconds ?? 0),
    value: (envelope?.event?.value ?? new Uint8Array()).slice(),
  };
}
