import type { Accept, Connection, ConnectionHandlers, Listener } from './connection.ts';
import type { Platform } from './runtime.ts';
import { SendQueue } from './sendQueue.ts';

/** What hangs on a socket of Bun while it lives. */
interface SocketState {
  connection: BunConnection | undefined;
  handlers: ConnectionHandlers | undefined;
}

class BunConnection implements Connection {
  readonly #socket: BunRuntime.Socket<SocketState>;
  readonly #queue = new SendQueue();
  #ending = false;
  #closed = false;

  constructor(socket: BunRuntime.Socket<SocketState>) {
    this.#socket = socket;
  }

  get descriptor(): number {
    return this.#socket.fd;
  }

  get pendingBytes(): number {
    return this.#queue.bytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending) return;
    if (this.#queue.bytes > 0) {
      this.#queue.add(bytes);
      return;
    }
    const taken = this.#send(bytes);
    if (taken < bytes.length) this.#queue.add(bytes.subarray(taken));
  }

  pause(): void {
    if (!this.#closed) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  end(): void {
    if (this.#closed) return;
    this.#ending = true;
    if (this.#queue.bytes === 0) this.#socket.end();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#queue.clear();
    this.#socket.terminate();
  }

  /** The kernel has room again. @returns true when nothing is left to send. */
  flush(): boolean {
    const empty = this.#queue.flush((bytes) => this.#send(bytes));
    if (empty && this.#ending) this.#socket.end();
    return empty;
  }

  markClosed(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  /** write() answers -1 on a socket that is closing; its `close` follows, so the bytes have no one to go to. */
  #send(bytes: Uint8Array): number {
    return Math.max(0, this.#socket.write(bytes));
  }
}

/** One set of handlers serves every socket: what differs lies in `socket.data`. */
const sharedHandlers = {
  binaryType: 'uint8array',
  data(socket, bytes) {
    socket.data.handlers?.data(bytes);
  },
  drain(socket) {
    const { connection, handlers } = socket.data;
    if (connection?.flush()) handlers?.drain();
  },
  close(socket) {
    const { connection, handlers } = socket.data;
    connection?.markClosed();
    socket.data = { connection: undefined, handlers: undefined };
    handlers?.closed();
  },
  // `close` follows every error, and it is what ends a connection.
  error() {},
} satisfies BunRuntime.SocketHandler<SocketState>;

function listen(descriptor: number, accept: Accept): Listener {
  const listener = Bun.listen<SocketState>({
    fd: descriptor,
    socket: {
      ...sharedHandlers,
      open(socket) {
        const connection = new BunConnection(socket);
        socket.data = { connection, handlers: undefined };
        const handlers = accept(connection);
        if (handlers === undefined) connection.destroy();
        else if (socket.data.connection === connection) socket.data.handlers = handlers;
      },
    },
  });
  return { close: () => listener.stop(false) };
}

async function connect(path: string, handlers: ConnectionHandlers): Promise<Connection> {
  const state: SocketState = { connection: undefined, handlers: undefined };
  const socket = await Bun.connect<SocketState>({
    unix: path,
    data: state,
    socket: {
      ...sharedHandlers,
      open(opened) {
        opened.data = { connection: new BunConnection(opened), handlers };
      },
    },
  });
  const { connection } = socket.data;
  if (connection === undefined) {
    throw Object.assign(new Error(`connect ${path}: connection reset by peer`), {
      code: 'ECONNRESET',
    });
  }
  return connection;
}

/** Bun's side of the seam. Reads the `Bun` global only when called, so that Node can load this file. */
export const bunPlatform: Platform = {
  name: 'bun',
  version: () => Bun.version,
  listen,
  connect,
  sha256Hex: (text) => new Bun.CryptoHasher('sha256').update(text).digest('hex'),
  collectGarbage() {
    // Compiled code goes as well: it is decoded again when it is called.
    Bun.shrink();
    Bun.gc(true);
  },
  selfCommand() {
    // A compiled binary runs from Bun's own virtual folder; then the binary is the whole command.
    const compiled = Bun.main.startsWith('/$bunfs/');
    return {
      path: process.execPath,
      argv: compiled ? [process.execPath] : [process.execPath, Bun.main],
    };
  },
};
