import type { Connection } from '../platform/runtime.ts';
import { hasHungUp } from '../posix/sockets.ts';
import { FrameParser, type FrameReceiver } from './frame.ts';
import { type FrameTarget, output } from './output.ts';

/** Unsent bytes beyond which we read no more from a peer that does not read from us. */
const pendingLimit = 1024 * 1024;

/**
 * One end of a connection: frames out, chunks in, and the rule that holds back a peer which does not read. Server and
 * client both have one.
 */
export class Peer implements FrameTarget {
  readonly connection: Connection;
  readonly #parser: FrameParser;
  #waiting: (() => void)[] = [];
  #paused = false;
  #closed = false;

  constructor(connection: Connection, receiver: FrameReceiver) {
    this.connection = connection;
    this.#parser = new FrameParser(receiver);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The other end is closed, even if nobody has been told yet. */
  hasHungUp(): boolean {
    return this.#closed || hasHungUp(this.connection.descriptor);
  }

  /** Bytes that the peer has not taken. */
  get pendingBytes(): number {
    return this.#closed ? 0 : this.connection.pendingBytes;
  }

  /** A chunk came in. */
  data(bytes: Uint8Array): void {
    output.enter();
    try {
      this.#parser.push(bytes);
    } finally {
      output.leave();
    }
  }

  transmit(bytes: Uint8Array): void {
    if (this.#closed) return;
    const { connection } = this;
    connection.write(bytes);
    if (this.#paused || connection.pendingBytes <= pendingLimit) return;
    this.#paused = true;
    this.#parser.pause();
    this.connection.pause();
  }

  /** Everything sent so far has been taken by the kernel. */
  drained(): void {
    this.#releaseWaiting();
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.connection.resume();
    output.enter();
    try {
      this.#parser.resume();
    } finally {
      output.leave();
    }
  }

  /** Resolves when the peer has taken enough of what was sent for more to make sense, or is gone. */
  flushed(): Promise<void> {
    output.flush();
    if (this.pendingBytes <= pendingLimit) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends what is waiting, then closes. Nothing more is read. */
  end(): void {
    this.#parser.stop();
    output.flush();
    if (!this.#closed) this.connection.end();
  }

  destroy(): void {
    this.#parser.stop();
    if (!this.#closed) this.connection.destroy();
  }

  /** The connection is gone. */
  markClosed(): void {
    this.#closed = true;
    this.#parser.stop();
    output.forget(this);
    this.#releaseWaiting();
  }

  #releaseWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const release of waiting) release();
  }
}
