import { Code, StatusError } from '../ttrpc/status.ts';

/** What to do with an event whose forwarding failed. */
export type Verdict = 'retry' | 'retryFewTimes' | 'reject';

/**
 * Judges a failed Forward call. A broken connection and a daemon that is not ready are worth waiting for;
 * an answer that will be the same each time is not, or one event would hold up all others for ever. A daemon
 * in the middle of its shutdown answers with codes that could mean either.
 */
export function judge(error: unknown): Verdict {
  if (!(error instanceof StatusError)) return 'retry';
  switch (error.code) {
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return 'retry';
    case Code.Canceled:
    case Code.Aborted:
    case Code.Unknown:
    case Code.Internal:
    case Code.ResourceExhausted:
      return 'retryFewTimes';
    default:
      return 'reject';
  }
}

/** Did the answer stay out for longer than the call's limit? */
export function isDeadline(error: unknown): boolean {
  return error instanceof StatusError && error.code === Code.DeadlineExceeded;
}
