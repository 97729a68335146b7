import { platform } from '../platform/runtime.ts';

/**
 * The compiled code of what a server does until it runs its first program is of no more use, and its memory is enough for
 * most of what follows. Then there is time for it, too: that program is the OCI runtime, which is busy with a container.
 *
 * @returns what to call when a program was started; the first call counts
 */
export function startUpCodeDropper(): () => void {
  let due = true;
  return () => {
    if (due) platform.dropCode();
    due = false;
  };
}
