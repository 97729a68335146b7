import { rmSync } from 'node:fs';
import type { Connection } from '../../src/platform/connection.ts';
import { listenUnix } from '../../src/posix/sockets.ts';
import {
  ForwardRequest,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from '../../src/proto/messages.ts';
import { Server } from '../../src/ttrpc/server.ts';

/** One event as the daemon gets it, its fields still to be chosen by who knows the topic. */
export interface SinkEvent {
  readonly topic: string;
  readonly namespace: string;
  readonly typeUrl: string;
  /** Of the envelope, in milliseconds since 1970. */
  readonly stampedAt: number;
  readonly value: Uint8Array;
  readonly containerId: string;
  /** The exec's id, of an event that tells of an exec; empty otherwise. */
  readonly execId: string;
}

/** What the daemon does with an event: takes it and answers, takes it or not and breaks the connection, or says nothing. */
export type Reception = 'take' | 'takeAndBreak' | 'break' | 'stall';

/** The daemon's events service on a socket of its own, which can be away for a while. Remembers all it accepted. */
export class EventSink {
  readonly path: string;
  readonly seen: SinkEvent[] = [];
  /** Asked about each event that arrives. */
  receive: (event: SinkEvent) => Reception | Promise<Reception> = () => 'take';
  readonly #connections = new Set<Connection>();
  readonly #watchers = new Set<() => void>();
  #server: Server | undefined;

  constructor(path: string) {
    this.path = path;
  }

  start(): void {
    rmSync(this.path, { force: true });
    const forward = (payload: Uint8Array): Uint8Array | Promise<Uint8Array> => this.#take(payload);
    this.#server = new Server({
      services: [
        {
          name: 'containerd.services.events.ttrpc.v1.Events',
          unary: new Map([['Forward', forward]]),
        },
      ],
      authorize: (connection) => {
        this.#connections.add(connection);
        return true;
      },
    });
    this.#server.serve(listenUnix(this.path, 16));
  }

  /** Like a daemon that is stopped: connections break, and the socket goes. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.stopListening();
    this.#breakConnections();
    await server?.close();
    rmSync(this.path, { force: true });
  }

  /**
   * One container's events in order, in short: `create`, `exec-added one`, `exec-started one`, `exit one`, `exit`,
   * `delete`. An event that came twice is there twice.
   */
  story(containerId: string): string[] {
    return this.seen
      .filter((event) => event.containerId === containerId)
      .map(({ topic, execId }) => `${topic.replace('/tasks/', '')} ${execId}`.trim());
  }

  /** Forgets what was seen of a container: who waits looks through all that is remembered. */
  forget(containerId: string): void {
    const others = this.seen.filter((event) => event.containerId !== containerId);
    this.seen.splice(0, this.seen.length, ...others);
  }

  /** Resolves with the first event, past or to come, that fits. */
  waitFor(
    what: string,
    fits: (event: SinkEvent) => boolean,
    limitMilliseconds = 30_000,
  ): Promise<SinkEvent> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.seen.find(fits);
        if (found !== undefined) settle(() => resolve(found));
      };
      const settle = (work: () => void): void => {
        clearTimeout(limit);
        this.#watchers.delete(look);
        work();
      };
      const limit = setTimeout(() => {
        const last = this.seen
          .slice(-20)
          .map(({ topic, containerId }) => `${topic} ${containerId}`);
        settle(() => reject(new Error(`no ${what} in time; last seen: ${last.join(', ')}`)));
      }, limitMilliseconds);
      this.#watchers.add(look);
      look();
    });
  }

  /** The exit of a container's init, or of one of its execs. */
  async exitOf(containerId: string, execId = ''): Promise<TaskExit> {
    const event = await this.waitFor(
      `exit of ${containerId} ${execId}`,
      (seen) =>
        seen.topic === '/tasks/exit' && seen.containerId === containerId && seen.execId === execId,
    );
    return TaskExit.decode(event.value);
  }

  /** The container's last event. */
  async deleteOf(containerId: string): Promise<TaskDelete> {
    const event = await this.waitFor(
      `delete of ${containerId}`,
      (seen) => seen.topic === '/tasks/delete' && seen.containerId === containerId,
    );
    return TaskDelete.decode(event.value);
  }

  #take(payload: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const event = decodeEvent(payload);
    const reception = this.receive(event);
    return reception instanceof Promise
      ? reception.then((decided) => this.#settle(event, decided))
      : this.#settle(event, reception);
  }

  #settle(event: SinkEvent, reception: Reception): Uint8Array | Promise<Uint8Array> {
    if (reception === 'take' || reception === 'takeAndBreak') {
      this.seen.push(event);
      for (const watcher of [...this.#watchers]) watcher();
    }
    if (reception === 'take') return new Uint8Array(0);
    if (reception !== 'stall') this.#breakConnections();
    return new Promise(() => {});
  }

  #breakConnections(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
  }
}

function decodeEvent(payload: Uint8Array): SinkEvent {
  const { envelope } = ForwardRequest.decode(payload);
  const typeUrl = envelope?.event?.typeUrl ?? '';
  const value = (envelope?.event?.value ?? new Uint8Array(0)).slice();
  return {
    topic: envelope?.topic ?? '',
    namespace: envelope?.namespace ?? '',
    typeUrl,
    stampedAt:
      Number(envelope?.timestamp?.seconds ?? 0) * 1000 + (envelope?.timestamp?.nanos ?? 0) / 1e6,
    value,
    ...subjectOf(typeUrl, value),
  };
}

function subjectOf(typeUrl: string, value: Uint8Array): { containerId: string; execId: string } {
  switch (typeUrl) {
    case TaskExit.fullName: {
      const { containerId, id } = TaskExit.decode(value);
      return { containerId, execId: id === containerId ? '' : id };
    }
    case TaskExecAdded.fullName:
      return TaskExecAdded.decode(value);
    case TaskExecStarted.fullName:
      return TaskExecStarted.decode(value);
    default: {
      const type = [TaskCreate, TaskStart, TaskDelete, TaskOOM, TaskPaused, TaskResumed].find(
        ({ fullName }) => fullName === typeUrl,
      );
      return { containerId: type?.decode(value).containerId ?? '', execId: '' };
    }
  }
}
