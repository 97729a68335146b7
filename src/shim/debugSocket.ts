import type { ShimFlags } from '../flags.ts';
import type { Logger } from '../platform/log.ts';
import {
  type Connection,
  type ConnectionHandlers,
  type Listener,
  platform,
} from '../platform/runtime.ts';
import { isSystemError } from '../posix/error.ts';
import { socketPath } from '../posix/sockets.ts';
import { ListeningSocket } from './listeningSocket.ts';
import { isTrustedPeer } from './trustedPeer.ts';

/** More than any request for a path needs. */
const LONGEST_HEAD = 8192;
const END_OF_HEAD = /\r?\n\r?\n/;

export interface DebugSources {
  /** Takes a dump and returns its text. */
  dump(): string | Promise<string>;
}

/**
 * The socket that answers questions about the process itself, as HTTP for curl and its like. Until the first of them
 * it is a listener and nothing more; what answers is loaded then (debugAnswers.ts).
 */
export class DebugSocket {
  readonly #socket: ListeningSocket;
  readonly #sources: DebugSources;
  readonly #logger: Logger;
  readonly #listener: Listener;

  private constructor(socket: ListeningSocket, sources: DebugSources, logger: Logger) {
    this.#socket = socket;
    this.#sources = sources;
    this.#logger = logger;
    this.#listener = platform.listen(socket.descriptor, (connection) => this.#accept(connection));
    logger.info({ path: socket.path }, 'serving debug requests');
  }

  /**
   * Serves it where the flags ask for it. A failure is a warning and no more: nobody's container depends on it.
   *
   * @param inherited the descriptor of a second listener, which `start` passes on with -debug (contract 3.6)
   */
  static serve(
    flags: Pick<ShimFlags, 'debug' | 'debugSocket'>,
    inherited: number | undefined,
    sources: DebugSources,
    logger: Logger,
  ): DebugSocket | undefined {
    try {
      const socket = openSocket(flags, inherited);
      return socket === undefined ? undefined : new DebugSocket(socket, sources, logger);
    } catch (error) {
      logger.warn({ error }, 'no debug socket');
      return undefined;
    }
  }

  /** Stops listening and removes the path. Does not throw: it is among the last things a server does. */
  close(): void {
    try {
      this.#socket.unlink();
    } catch (error) {
      this.#logger.warn({ error }, 'debug socket not removed');
    }
    this.#listener.close();
  }

  #accept(connection: Connection): ConnectionHandlers | undefined {
    if (!isTrustedPeer(connection)) return undefined;
    const decoder = new TextDecoder();
    let head = '';
    let complete = false;
    return {
      data: (bytes) => {
        if (complete) return;
        head += decoder.decode(bytes, { stream: true });
        complete = head.length > LONGEST_HEAD || END_OF_HEAD.test(head);
        if (complete) void this.#answer(connection, head);
      },
      drain() {},
      closed() {
        complete = true;
      },
    };
  }

  async #answer(connection: Connection, head: string): Promise<void> {
    try {
      const { answer } = await import('./debugAnswers.ts');
      connection.write(await answer(head, this.#sources));
      connection.end();
    } catch (error) {
      this.#logger.warn({ error }, 'debug request failed');
      connection.destroy();
    }
  }
}

function openSocket(
  flags: Pick<ShimFlags, 'debug' | 'debugSocket'>,
  inherited: number | undefined,
): ListeningSocket | undefined {
  const { debug, debugSocket: path } = flags;
  if (path !== '') return ListeningSocket.listen(path);
  if (!debug || inherited === undefined || !isSocket(inherited)) return undefined;
  return ListeningSocket.inherit(inherited);
}

/** A helper of another version may have passed none; then the number is free, or something of the runtime's own. */
function isSocket(descriptor: number): boolean {
  try {
    return socketPath(descriptor) !== '';
  } catch (error) {
    if (isSystemError(error, 'EBADF') || isSystemError(error, 'ENOTSOCK')) return false;
    throw error;
  }
}
