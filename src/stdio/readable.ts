import type { Cancellation } from '../platform/cancellation.ts';
import { watchReadable } from '../posix/poller.ts';

export interface ReadableWait {
  readonly cancel: Cancellation | undefined;
  /** Undefined: as long as it takes. */
  readonly limit: { readonly milliseconds: number; readonly message: string } | undefined;
}

/**
 * Waits until reading from a descriptor would not block; the end of file counts.
 * @throws the reason of the cancellation; Error with the limit's message.
 */
export const whenReadable = (descriptor: number, wait: ReadableWait): Promise<void> =>
  new Promise((resolve, reject) => {
    if (wait.cancel?.cancelled === true) {
      reject(new Error('context canceled'));
      return;
    }
    const settle = (): void => {
      watch.cancel();
      clearTimeout(timer);
      removeListener?.();
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    const { limit } = wait;
    const watch = watchReadable(descriptor, () => {
      settle();
      resolve();
    });
    const timer =
      limit === undefined
        ? undefined
        : setTimeout(() => fail(new Error(limit.message)), limit.milliseconds);
    const removeListener = wait.cancel?.onCancel(fail);
  });
