/** The caller's wish to stop waiting. A `Call` of the ttrpc server is one. */
export interface Cancellation {
  readonly cancelled: boolean;
  /** @returns takes the listener away again. */
  onCancel(listener: () => void): () => void;
}
