import { type Cancellation, neverCancelled } from '../platform/cancellation.ts';
import { Code, StatusError } from '../ttrpc/status.ts';

/**
 * A call that goes on for a while after its connection was lost; a deadline still ends it at once. For a Create: a
 * daemon that was killed meanwhile finds the container when it is back, and can remove it. Of one that was taken back it
 * would keep a task that it can neither use nor remove (containerd 1.6 to 2.1).
 *
 * @param unwanted ends it early, once the connection is lost: the daemon is back, and knows nothing of it
 */
export function outlivingConnection(
  call: Cancellation,
  milliseconds: number,
  unwanted: Cancellation = neverCancelled,
): Cancellation {
  return {
    get cancelled() {
      return call.cancelled;
    },
    onCancel(listener) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let forgetUnwanted = (): void => {};
      const stop = (): void => {
        forgetUnwanted();
        clearTimeout(timer);
      };
      const forget = call.onCancel((reason) => {
        const lost = reason instanceof StatusError && reason.code === Code.Canceled;
        if (!lost) {
          listener(reason);
          return;
        }
        const end = (): void => {
          stop();
          listener(reason);
        };
        timer = setTimeout(end, milliseconds);
        forgetUnwanted = unwanted.onCancel(end);
      });
      return () => {
        forget();
        stop();
      };
    },
  };
}

/**
 * A call that is begun whoever has gone, and goes on for a while after its connection was lost or its time was over. For a
 * Delete: half of it is of use to nobody, but a runtime that never ends would keep every later one waiting.
 */
export function outlivingCaller(call: Cancellation, milliseconds: number): Cancellation {
  return {
    cancelled: false,
    onCancel(listener) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const forget = call.onCancel((reason) => {
        timer = setTimeout(() => listener(reason), milliseconds);
      });
      return () => {
        forget();
        clearTimeout(timer);
      };
    },
  };
}
