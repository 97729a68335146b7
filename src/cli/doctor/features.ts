import { reasonOf } from '../../platform/reason.ts';
import { native } from '../../posix/addon.ts';
import { closeFile, makePipe, readSome, setNonBlocking, writeAll } from '../../posix/files.ts';
import { startMovement } from '../../posix/poller.ts';
import { becomeSubreaper, openPidfd } from '../../posix/processes.ts';
import type { Feature } from './facts.ts';

const limitMilliseconds = 1000;

/** Tries what a server needs of the kernel, in this process, which is at its end anyway. */
export async function tryFeatures(): Promise<Record<Feature, string | undefined>> {
  const addon = problemOf(() => void native());
  if (addon !== undefined) {
    const untried = 'not tried, for want of the native part';
    return { addon, pidfd: untried, subreaper: untried, splice: untried };
  }
  return {
    addon,
    pidfd: problemOf(() => closeFile(openPidfd(process.pid))),
    subreaper: problemOf(becomeSubreaper),
    splice: await trySplice().catch(reasonOf),
  };
}

/** Lets the native thread move a few bytes from one pipe to another. */
async function trySplice(): Promise<string | undefined> {
  const [source, feed] = makePipe();
  const [result, destination] = makePipe();
  const descriptors = new Set([source, feed, result, destination]);
  const close = (descriptor: number): void => {
    if (descriptors.delete(descriptor)) closeFile(descriptor);
  };
  try {
    for (const descriptor of [source, destination, result]) setNonBlocking(descriptor, true);
    writeAll(feed, 'podshim');
    close(feed);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const problem = await new Promise<string | undefined>((resolve) => {
      const movement = startMovement({ source, destination, terminal: false }, ({ error }) =>
        resolve(error),
      );
      timer = setTimeout(() => {
        movement.cancel();
        resolve('nothing was moved');
      }, limitMilliseconds);
    });
    clearTimeout(timer);
    if (problem !== undefined) return problem;
    const moved = new TextDecoder().decode(readSome(result, limitMilliseconds));
    return moved === 'podshim' ? undefined : `moved ${JSON.stringify(moved)}`;
  } finally {
    for (const descriptor of [...descriptors]) close(descriptor);
  }
}

function problemOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
