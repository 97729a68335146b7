import { isSystemError } from '../posix/error.ts';
import { readText, writeFile } from '../posix/files.ts';
import { failure } from './failure.ts';

const LOWEST = -1000;
const HIGHEST = 1000;

/** One more than the daemon's score, within what the kernel takes: the shim goes before the daemon. */
export function scoreAbove(daemonScore: number): number {
  return Math.min(HIGHEST, Math.max(LOWEST, daemonScore + 1));
}

/**
 * Sets the server's oom_score_adj (contract 3.1 step 6). Where the kernel does not let us, the
 * server keeps the score it inherited from the daemon; a parent outside our pid namespace has no
 * score we could read.
 */
export function adjustOomScore(serverPid: number, daemonPid: number): void {
  if (daemonPid === 0) {
    return;
  }
  try {
    const text = readText(`/proc/${daemonPid}/oom_score_adj`);
    writeFile(`/proc/${serverPid}/oom_score_adj`, String(scoreAbove(Number.parseInt(text, 10))), 0);
  } catch (error) {
    if (!isSystemError(error, 'EPERM') && !isSystemError(error, 'EACCES')) {
      throw failure('failed to adjust OOM score for shim', error);
    }
  }
}
