import type { Publisher } from '../events/publisher.ts';
import type { Logger } from '../platform/log.ts';
import { endsWithin } from '../platform/timeLimit.ts';
import type { Server } from '../ttrpc/server.ts';
import type { ListeningSocket } from './listeningSocket.ts';

/** How long events may take to reach the daemon before the process ends without them (contract 3.5). */
const eventBudgetMilliseconds = 5_000;
/** How long the last answers may take to leave. */
const answerBudgetMilliseconds = 1_000;

export interface ShutdownParts {
  readonly socket: ListeningSocket;
  readonly server: Server;
  readonly publisher: Publisher;
  readonly logger: Logger;
  /** Ends the process. */
  readonly exit: (status: number) => void;
}

/**
 * The end of a server, in the one order that loses nothing (contract 3.5):
 * the socket first, so that no new `start` finds a dying server (trap 11); then the events, TaskDelete among them
 * (trap 33); then the answers still on their way; then the process, and with it containerd's connection.
 */
export class Shutdown {
  readonly #parts: ShutdownParts;
  #begun = false;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** Begins it; further calls change nothing. */
  begin(reason: string): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#run(reason);
  }

  async #run(reason: string): Promise<void> {
    const { socket, server, publisher, logger, exit } = this.#parts;
    let status = 0;
    try {
      socket.unlink();
      server.stopListening();
      logger.info({ reason }, 'shutting down');
      if (!(await publisher.drain(eventBudgetMilliseconds))) {
        status = 1;
        logger.error({ events: publisher.waiting }, 'events not delivered at shutdown');
      }
      publisher.close();
      await endsWithin(server.close(), answerBudgetMilliseconds);
    } catch (error) {
      status = 1;
      logger.error({ error }, 'shutdown failed');
    }
    exit(status);
  }
}
