export type { RuntimeStdio } from '../oci/runtime.ts';

import type { RuntimeStdio } from '../oci/runtime.ts';

/** The paths of a request, as containerd sent them; an empty string means that the stream is not wanted. */
export interface StdioPaths {
  readonly stdin: string;
  /** A path, or a `file:`, `binary:` or `binary-v2:` URI. */
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
}

/** The streams of one process, from before its creation until it is deleted. */
export interface ProcessStdio {
  readonly forRuntime: RuntimeStdio;

  /**
   * To be called once the runtime process ended well: closes our copies of the container's ends (trap 38), takes
   * the pty master, starts moving bytes.
   */
  attach(): Promise<void>;

  /** The process is dead. For a terminal the next "nothing there" is then the end (contract 7.4). */
  processExited(): void;

  /**
   * The process is being deleted: whoever wants its output reads already. Output that waits for a reader while all have
   * gone is dropped from now on, so that nobody waits for it to be drained.
   */
  expectNoReader(): void;

  /**
   * Waits until each output has reached its end and its FIFO is closed (trap 36a). To be called when the process is dead.
   * @returns false when the time was up first, when nothing moves any more or what comes can only be its children's, or
   * when close() cut an output short.
   */
  drained(milliseconds: number): Promise<boolean>;

  /** Without effect where there is no terminal (contract 5.9). */
  resize(columns: number, rows: number): void;

  /** Ends stdin as soon as the client has closed its own end, too (contract 7.5). May be repeated. */
  closeStdin(): void;

  /** Closes every descriptor at once. May be repeated. */
  close(): void;

  /** After close(): resolves when no logging binary of ours runs any more, at most 13 s later. */
  settled(): Promise<void>;

  /** For the dump: one line with each stream, its descriptors and what it moved. */
  describe(): string;
}
