/** One stream socket, as either runtime gives it. All calls are made on the event loop's thread. */
export interface Connection {
  /** The socket's descriptor, for getsockopt(2) through `posix`. It belongs to the runtime: never close it. */
  readonly descriptor: number;
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly pendingBytes: number;
  /** Sends in order. What the kernel does not take at once is copied, so the caller may reuse `bytes`. */
  write(bytes: Uint8Array): void;
  /** Stops reading: the peer is held back by its own socket buffer. */
  pause(): void;
  resume(): void;
  /** Closes once everything accepted so far is sent. */
  end(): void;
  /** Closes at once; what is not sent is lost. */
  destroy(): void;
}

export interface ConnectionHandlers {
  /** `bytes` are valid only during the call. */
  data(bytes: Uint8Array): void;
  /** Everything that was pending has been taken by the kernel. */
  drain(): void;
  /** The connection is gone, from either side. Called exactly once. */
  closed(): void;
}

export interface Listener {
  /** Stops accepting and closes the listening descriptor. The path is left alone: its owner unlinks it. */
  close(): void;
}

/** Decides about one accepted connection; undefined refuses it, and it is closed without an answer. */
export type Accept = (connection: Connection) => ConnectionHandlers | undefined;
