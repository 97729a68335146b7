import { reasonOf } from '../platform/reason.ts';
import type { Peer } from './peer.ts';
import { decodeMetadata, type Metadata, type RequestEnvelope } from './requestEnvelope.ts';
import { Code, canceled, deadlineExceeded, StatusError } from './status.ts';

export type { Metadata } from './requestEnvelope.ts';

/** What a handler knows of the call it answers. */
export interface Call {
  readonly service: string;
  readonly method: string;
  /** `performance.now()`, milliseconds. */
  readonly receivedAt: number;
  /** The client's limit, counted from `receivedAt`; 0: none. */
  readonly timeoutNanos: number;
  /** Decoded when it is first asked for. */
  readonly metadata: Metadata;
  /** The client is gone, or its limit has passed. The handler's answer is still sent where it can be. */
  readonly cancelled: boolean;
  /** Whether it is cancelled, or the client has closed its connection, which may still be to be noticed: the kernel is asked. */
  hasGone(): boolean;
  /** The listener is called once, at once if the call is cancelled already. @returns takes it away again. */
  onCancel(listener: (reason: StatusError) => void): () => void;
}

/** setTimeout takes no more; a call that waits 24 days needs no deadline. */
const longestTimerMilliseconds = 0x7fff_ffff;
const noMetadata: Metadata = new Map();
const nothing = (): void => {};

/** A call as the server keeps it: while its handler runs, and no longer. */
export class ServerCall implements Call {
  readonly service: string;
  readonly method: string;
  readonly receivedAt = performance.now();
  readonly timeoutNanos: number;
  readonly #peer: Peer;
  #envelope: RequestEnvelope | undefined;
  #metadataBytes: Uint8Array | undefined;
  #metadata: Metadata | undefined;
  #reason: StatusError | undefined;
  #listeners: Set<(reason: StatusError) => void> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  /** @param envelope is read for metadata until `keep` or `finish`. */
  constructor(service: string, method: string, envelope: RequestEnvelope, peer: Peer) {
    this.#peer = peer;
    this.service = service;
    this.method = method;
    this.timeoutNanos = envelope.timeoutNanos;
    this.#envelope = envelope;
    if (this.timeoutNanos < 0) this.#reason = deadlineExceeded();
  }

  get metadata(): Metadata {
    this.#metadata ??= this.#readMetadata();
    return this.#metadata;
  }

  get cancelled(): boolean {
    return this.#reason !== undefined;
  }

  hasGone(): boolean {
    return this.cancelled || this.#peer.hasHungUp();
  }

  /** Why the call is cancelled. */
  get reason(): StatusError | undefined {
    return this.#reason;
  }

  onCancel(listener: (reason: StatusError) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => {
      this.#listeners?.delete(listener);
    };
  }

  /** The call outlives the chunk it came in: takes a copy of what it needs of it, and starts its deadline. */
  keep(): void {
    if (this.#metadata === undefined && this.#envelope?.hasMetadata) {
      this.#metadataBytes = this.#envelope.metadataBytes();
    }
    this.#envelope = undefined;
    if (this.timeoutNanos <= 0) return;
    const elapsed = performance.now() - this.receivedAt;
    const milliseconds = Math.max(0, Math.ceil(this.timeoutNanos / 1e6 - elapsed));
    if (milliseconds > longestTimerMilliseconds) return;
    this.#deadline = setTimeout(() => this.cancel(deadlineExceeded()), milliseconds);
  }

  cancel(reason: StatusError = canceled()): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.finish();
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        listener(reason);
      } catch {
        // Whoever listens has a call of its own to fail; the others must still be told.
      }
    }
  }

  /** The handler is done, or cancelled: nothing of the call is kept. */
  finish(): void {
    if (this.#deadline !== undefined) clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#listeners = undefined;
    this.#envelope = undefined;
  }

  #readMetadata(): Metadata {
    const bytes =
      this.#metadataBytes ??
      (this.#envelope?.hasMetadata ? this.#envelope.metadataBytes() : undefined);
    this.#metadataBytes = undefined;
    if (bytes === undefined) return noMetadata;
    try {
      return decodeMetadata(bytes);
    } catch (error) {
      const text = reasonOf(error);
      throw new StatusError(Code.InvalidArgument, `unmarshal request error: ${text}`);
    }
  }
}
