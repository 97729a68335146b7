import { reasonOf } from '../platform/reason.ts';
import { isSystemError } from '../posix/error.ts';
import { sendSignal } from '../posix/processes.ts';
import { Code, notFound, StatusError } from '../ttrpc/status.ts';

/**
 * Signals a process of ours that is not reaped yet, so that its pid cannot be anybody else's.
 * @throws StatusError NotFound when it is over, Unknown with the reason otherwise (contract 5.7)
 */
export function killProcess(pid: number, signal: number): void {
  try {
    sendSignal(pid, signal);
  } catch (error) {
    if (isSystemError(error, 'ESRCH')) throw notFound('process already finished');
    throw new StatusError(Code.Unknown, `exec kill error: ${reasonOf(error)}`);
  }
}
