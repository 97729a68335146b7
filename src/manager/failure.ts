import { reasonOf } from '../platform/reason.ts';
/** Puts what was being done in front of why it failed, as the daemon's user will read it. */
export function failure(doing: string, cause: unknown): Error {
  return new Error(`${doing}: ${reasonOf(cause)}`, { cause });
}
