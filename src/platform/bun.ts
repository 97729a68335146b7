import {
  BunConnection,
  parkConnections,
  type SocketData,
  socketHandlers,
} from './bunConnection.ts';
import type { Accept, Connection, ConnectionHandlers, Listener } from './connection.ts';
import type { Platform } from './runtime.ts';

function listen(descriptor: number, accept: Accept): Listener {
  const listener = Bun.listen<SocketData>({
    fd: descriptor,
    socket: {
      ...socketHandlers,
      open(socket) {
        const connection = new BunConnection();
        socket.data = connection;
        connection.opened(socket);
        const handlers = accept(connection);
        if (handlers === undefined) connection.destroy();
        else if (socket.data === connection) connection.handlers = handlers;
      },
    },
  });
  return { close: () => listener.stop(false) };
}

async function connect(path: string, handlers: ConnectionHandlers): Promise<Connection> {
  const connection = new BunConnection();
  await Bun.connect<SocketData>({
    unix: path,
    data: connection,
    socket: {
      ...socketHandlers,
      open(opened) {
        connection.handlers = handlers;
        connection.opened(opened);
      },
    },
  });
  if (connection.handlers === undefined) {
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
  parkConnections,
  sha256Hex: (text) => new Bun.CryptoHasher('sha256').update(text).digest('hex'),
  dropCode: () => Bun.shrink(),
  collectGarbage() {
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
