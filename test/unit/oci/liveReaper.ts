import { after, before } from 'node:test';
import { Reaper } from '../../../src/reaper/reaper.ts';

/** A reaper that is installed while the tests of the calling file or suite run. */
export function useReaper(): Reaper {
  const reaper = new Reaper();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  before(() => {
    reaper.install();
    // Waiting for SIGCHLD alone does not keep Node alive.
    keepAlive = setInterval(() => {}, 60_000);
  });
  after(() => {
    clearInterval(keepAlive);
    reaper.uninstall();
  });
  return reaper;
}
