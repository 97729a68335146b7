const cleanUps = new Set<() => Promise<void>>();
let installed = false;

/**
 * Has something stopped also when the test process is interrupted or ended by its time limit: then no `after` is run.
 * @returns call it when that is done in the normal way
 */
export function stopOnInterruption(cleanUp: () => Promise<void>): () => void {
  cleanUps.add(cleanUp);
  if (!installed) {
    installed = true;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // node:test has a listener too, which ends the process at once.
      process.removeAllListeners(signal);
      process.on(signal, () => void stopAll());
    }
  }
  return () => void cleanUps.delete(cleanUp);
}

let stopping: Promise<unknown> | undefined;

async function stopAll(): Promise<void> {
  stopping ??= Promise.allSettled([...cleanUps].map((cleanUp) => cleanUp()));
  await stopping;
  process.exit(130);
}
