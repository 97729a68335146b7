import { platform } from '../platform/runtime.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import { spawn } from '../posix/processes.ts';
import { failure } from './failure.ts';
import { serverEnvironment } from './serverEnvironment.ts';
import type { ServerLaunch, ServerSockets } from './serverLaunch.ts';

/** /dev/null, as SpawnRequest spells it. */
const NOTHING = -1;

/**
 * Starts the server (contract 3.1): this program once more, without an action, in a process group of
 * its own, with the bundle as working directory and nothing of our stdin, stdout and stderr. It finds its sockets at
 * the descriptors 3 and 4.
 *
 * @returns its pid; it is our child until we exit.
 */
export function spawnServer(
  launch: ServerLaunch,
  bundle: string,
  environment: Readonly<Record<string, string | undefined>>,
): number {
  const { path, argv } = platform.selfCommand();
  try {
    return spawn({
      path,
      argv: [...argv, ...launch.words],
      environment: serverEnvironment(environment, launch.identity),
      directory: bundle,
      descriptors: [NOTHING, NOTHING, NOTHING, ...descriptorsOf(launch.sockets)],
      killWithParent: false,
      newProcessGroup: true,
      openFiles: inheritedOpenFiles(),
    });
  } catch (error) {
    throw failure('failed to start the shim server', error);
  }
}

/** In the order in which the server finds them. */
export function descriptorsOf(sockets: ServerSockets): readonly number[] {
  return sockets.debug === undefined ? [sockets.main] : [sockets.main, sockets.debug];
}
