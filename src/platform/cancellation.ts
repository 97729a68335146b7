/** A caller that may give up waiting. A `Call` of the ttrpc server is one. */
export interface Cancellation {
  readonly cancelled: boolean;
  /** @returns takes the listener away again. */
  onCancel(listener: (reason: Error) => void): () => void;
}

/** For work that nobody can call off. */
export const neverCancelled: Cancellation = {
  cancelled: false,
  onCancel: () => () => {},
};
