import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Reads one FIFO as a daemon does, in this process: a program for each would cost more than the exec it belongs to. */
export class FifoReader {
  /** All that came, once every writer has closed it. */
  readonly text: Promise<string>;
  readonly #socket: Socket;

  constructor(path: string) {
    // Does not wait for a writer; the end of file comes only after there was one.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const socket = new Socket({ fd: descriptor, readable: true, writable: false });
    const pieces: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => pieces.push(bytes));
    this.#socket = socket;
    this.text = new Promise((resolve, reject) => {
      socket.on('close', () => resolve(Buffer.concat(pieces).toString()));
      socket.on('error', reject);
    });
  }

  /** Reads no more. */
  close(): void {
    this.#socket.destroy();
  }
}
