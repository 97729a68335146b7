import { platform } from '../platform/runtime.ts';
import { forkDetached } from '../posix/processes.ts';
import { failure } from './failure.ts';
import { hasRuntimeSettings, serverVariables } from './serverEnvironment.ts';
import type { ServerLaunch } from './serverLaunch.ts';
import { descriptorsOf } from './spawnServer.ts';

/**
 * Goes on as the server, in a process of its own: the runtime has started already, which is most of what a server's
 * start takes. It differs from a server that `spawnServer` starts in its sockets' numbers, and in /proc/PID/environ,
 * which stays the helper's.
 *
 * @returns the server's pid, and 0 in the server; undefined where it cannot be: the runtime was started without the
 *   server's settings, it has other threads, or somebody turned this off (PODSHIM_FORK=off)
 */
export function forkServer(
  launch: ServerLaunch,
  environment: Record<string, string | undefined>,
): number | undefined {
  if (environment.PODSHIM_FORK === 'off' || !hasRuntimeSettings(environment)) return undefined;
  const { path, argv } = platform.selfCommand();
  let pid: number | undefined;
  try {
    pid = forkDetached([argv[0] ?? path, ...launch.words], descriptorsOf(launch.sockets));
  } catch (error) {
    throw failure('failed to start the shim server', error);
  }
  if (pid === 0) Object.assign(environment, serverVariables(launch.identity));
  return pid;
}
