import type { Cancellation } from '../platform/cancellation.ts';
import { Code, StatusError } from '../ttrpc/status.ts';

/**
 * A call that goes on for a while after its connection was lost; a deadline still ends it at once. For a Create: a
 * daemon that was killed meanwhile finds the container when it is back, and can remove it. Of one that was taken back it
 * would keep a task that it can neither use nor remove (containerd 1.6 to 2.1).
 */
export function outlivingConnection(call: Cancellation, milliseconds: number): Cancellation {
  return {
    get cancelled() {
      return call.cancelled;
    },
    onCancel(listener) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const forget = call.onCancel((reason) => {
        const lost = reason instanceof StatusError && reason.code === Code.Canceled;
        if (lost) timer = setTimeout(() => listener(reason), milliseconds);
        else listener(reason);
      });
      return () => {
        forget();
        clearTimeout(timer);
      };
    },
  };
}
