import { closeFile } from '../posix/files.ts';
import type { Connection, ConnectionHandlers } from './connection.ts';
import { ParkedSocket } from './parkedSocket.ts';
import { SendQueue } from './sendQueue.ts';

/** What hangs on a socket of Bun: its connection, as long as this is the socket that the connection uses. */
export type SocketData = BunConnection | undefined;
type Socket = BunRuntime.Socket<SocketData>;

/** Connections that are sockets of Bun. */
const awake = new Set<BunConnection>();
let noteAwake = (): void => {};

/**
 * A connection is a socket of Bun or a parked one, never both: whichever it is has the only descriptor of it. As long as
 * Bun has a single socket its event loop wakes up once a second, to look for sockets that ran into a time limit
 * (us_internal_sweep_if_due in Bun's usockets, which no setting turns off); a parked socket costs nothing. What arrives
 * for it is answered first, because Bun takes 0.2 ms to make a socket of it, and then it is Bun's again.
 */
export class BunConnection implements Connection {
  handlers: ConnectionHandlers | undefined;
  readonly #queue = new SendQueue();
  #socket: Socket | undefined;
  #parked: ParkedSocket | undefined;
  #paused = false;
  #ending = false;

  get descriptor(): number {
    return this.#parked?.descriptor ?? this.#socket?.fd ?? -1;
  }

  get pendingBytes(): number {
    return this.#queue.bytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#ending) return;
    if (this.#queue.bytes > 0) {
      this.#queue.add(bytes);
      return;
    }
    let rest = bytes;
    if (this.#parked !== undefined) {
      const taken = this.#parked.write(bytes);
      if (taken === bytes.length) return;
      rest = bytes.subarray(taken);
    }
    const socket = this.#socket ?? this.#inLoop();
    if (socket === undefined) return;
    const taken = send(socket, rest);
    if (taken < rest.length) this.#queue.add(rest.subarray(taken));
  }

  pause(): void {
    this.#paused = true;
    this.#inLoop()?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#inLoop()?.resume();
    noteAwake();
  }

  end(): void {
    this.#ending = true;
    if (this.#queue.bytes === 0) this.#inLoop()?.end();
  }

  destroy(): void {
    this.#queue.clear();
    this.#inLoop()?.terminate();
  }

  /** Bun has a socket for it. */
  opened(socket: Socket): void {
    this.#socket = socket;
    awake.add(this);
    noteAwake();
  }

  /** The kernel has room again. Bun says so of a socket that was parked as well, for which nothing waited. */
  drained(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#queue.bytes === 0) return;
    if (!this.#queue.flush((bytes) => send(socket, bytes))) return;
    if (this.#ending) socket.end();
    this.handlers?.drain();
    noteAwake();
  }

  /** The connection is gone. */
  closed(): void {
    const { handlers } = this;
    this.#socket = undefined;
    this.handlers = undefined;
    this.#queue.clear();
    awake.delete(this);
    handlers?.closed();
  }

  /** Leaves the event loop, unless something is still to be sent or the reader is held back. */
  park(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#paused || this.#ending || this.#queue.bytes > 0) return;
    // First the copy and its watch: where they cannot be had nothing has changed.
    this.#parked = ParkedSocket.of(socket.fd, () => this.#arrived());
    if (this.#parked === undefined) return;
    this.#socket = undefined;
    socket.data = undefined;
    awake.delete(this);
    // close(2) and no shutdown(2): to the peer nothing happens.
    socket.close();
  }

  /** Something came for a parked connection, or its peer is gone. */
  #arrived(): void {
    const bytes = this.#parked?.read();
    try {
      if (bytes !== undefined) this.handlers?.data(bytes);
    } finally {
      this.#inLoop();
    }
  }

  /** The socket, which a parked connection gets now; undefined when the connection is gone. */
  #inLoop(): Socket | undefined {
    if (this.#parked === undefined) return this.#socket;
    const fd = this.#parked.release();
    this.#parked = undefined;
    // It calls `open` before it returns, or else it has failed and the descriptor is still ours.
    Bun.connect({ fd, data: this, socket: socketHandlers }).catch(() => {});
    if (this.#socket === undefined) {
      closeFile(fd);
      this.closed();
    }
    return this.#socket;
  }
}

/** write() answers -1 on a socket that is closing; its `close` follows, so the bytes have no one to go to. */
function send(socket: Socket, bytes: Uint8Array): number {
  return Math.max(0, socket.write(bytes));
}

/** One set of handlers serves every socket: what differs is the connection. */
export const socketHandlers = {
  binaryType: 'uint8array',
  open(socket) {
    socket.data?.opened(socket);
  },
  data(socket, bytes) {
    socket.data?.handlers?.data(bytes);
  },
  drain(socket) {
    socket.data?.drained();
  },
  close(socket) {
    const connection = socket.data;
    socket.data = undefined;
    connection?.closed();
  },
  // `close` follows every error, and it is what ends a connection.
  error() {},
} satisfies BunRuntime.SocketHandler<SocketData>;

/** @see Platform.parkConnections */
export function parkConnections(listener: () => void): void {
  noteAwake = listener;
  for (const connection of [...awake]) connection.park();
}
