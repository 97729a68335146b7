import { reasonOf } from '../platform/reason.ts';
import { Code, StatusError } from '../ttrpc/status.ts';

/**
 * A failure to open a process's streams, as the client gets it (contract 5.3 step 7). Left alone, a FIFO that is
 * missing would be answered with NotFound, as if there was no such container. The end of the call keeps its own code.
 */
export function streamsError(what: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError(Code.Unknown, `failed to create ${what} I/O: ${reasonOf(error)}`);
}
