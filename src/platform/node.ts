import type * as NodeNet from 'node:net';
import type { Accept, Connection, ConnectionHandlers, Listener } from './connection.ts';
import type { Platform } from './runtime.ts';

/**
 * Node's modules are taken at the time of the call: a static import of `node:net` would be loaded by the
 * Bun-compiled binary as well, where it costs 7 ms and 2 MB (docs/decisions.md).
 */
const net = (): typeof NodeNet => process.getBuiltinModule('node:net');

/** libuv keeps the descriptor on a handle that the public types do not show. */
function descriptorOf(socket: NodeNet.Socket): number {
  const { _handle: handle } = socket as NodeNet.Socket & { _handle?: { fd: number } | null };
  return handle?.fd ?? -1;
}

class NodeConnection implements Connection {
  readonly #socket: NodeNet.Socket;

  constructor(socket: NodeNet.Socket) {
    this.#socket = socket;
  }

  get descriptor(): number {
    return descriptorOf(this.#socket);
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes.slice());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end(() => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function attach(socket: NodeNet.Socket, handlers: ConnectionHandlers): void {
  socket.on('data', (bytes: Uint8Array) => handlers.data(bytes));
  socket.on('drain', () => handlers.drain());
  socket.on('close', () => handlers.closed());
}

function listen(descriptor: number, accept: Accept): Listener {
  const server = net().createServer((socket) => {
    // 'close' follows every error, and it is what ends a connection.
    socket.on('error', () => {});
    const handlers = accept(new NodeConnection(socket));
    if (handlers === undefined) socket.destroy();
    else attach(socket, handlers);
  });
  server.listen({ fd: descriptor });
  return { close: () => void server.close() };
}

function connect(path: string, handlers: ConnectionHandlers): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = net().connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      attach(socket, handlers);
      resolve(new NodeConnection(socket));
    });
  });
}

/** Node's side of the seam: development, tests, and programs that embed podshim's library parts. */
export const nodePlatform: Platform = {
  name: 'node',
  version: () => process.versions.node,
  listen,
  connect,
  // An idle socket of Node's costs nothing.
  parkConnections() {},
  sha256Hex: (text) =>
    process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex'),
  dropCode: () => {},
  collectGarbage: () => globalThis.gc?.(),
  selfCommand: () => ({
    path: process.execPath,
    argv: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  }),
};
