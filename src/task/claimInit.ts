import type { Container } from './container.ts';
import type { ExitCollector } from './exits.ts';
import { pidFileTime } from './pidFile.ts';

/** From now on the pid's exit is the container's end; also one that the collector holds already (contract 5.12). */
export function claimInit(container: Container, pid: number, collector: ExitCollector): void {
  const since = (): number => pidFileTime(container.bundle.initPidFile);
  container.context.exits.claim(pid, since, collector, (exit) => container.exits.initExited(exit));
}
