import { createSchedulingCookie } from '../posix/processes.ts';
import { failure } from './failure.ts';

/**
 * With SCHED_CORE set, gives this process a core-scheduling cookie, which the server and all its
 * containers inherit (contract 3.1 step 3).
 */
export function enableSchedCore(value: string | undefined): void {
  if (value === undefined || value === '') {
    return;
  }
  try {
    createSchedulingCookie();
  } catch (error) {
    throw failure('enable sched core support', error);
  }
}
