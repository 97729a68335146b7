import { platform } from '../platform/runtime.ts';
import { inheritedOpenFiles } from '../posix/limits.ts';
import { spawn } from '../posix/processes.ts';
import type { StartRequest } from './bootstrap.ts';
import { failure } from './failure.ts';
import { serverEnvironment } from './serverEnvironment.ts';

/** /dev/null, as SpawnRequest spells it. */
const NOTHING = -1;

/** Descriptors that the server finds at 3 and 4. */
export interface ServerSockets {
  readonly main: number;
  readonly debug: number | undefined;
}

/**
 * Starts the server (contract 3.1): this program once more, without an action, in a process group of
 * its own, with the bundle as working directory and nothing of our stdin, stdout and stderr.
 *
 * @returns its pid; it is our child until we exit.
 */
export function spawnServer(
  request: StartRequest,
  bundle: string,
  sockets: ServerSockets,
  environment: Readonly<Record<string, string | undefined>>,
): number {
  const openFiles = inheritedOpenFiles();
  const { path, argv } = platform.selfCommand();
  try {
    return spawn({
      path,
      argv: [...argv, ...serverFlags(request)],
      environment: serverEnvironment(environment, {
        id: request.id,
        ttrpcAddress: request.ttrpcAddress,
        openFiles: openFiles.soft,
      }),
      directory: bundle,
      descriptors: [NOTHING, NOTHING, NOTHING, ...descriptorsOf(sockets)],
      killWithParent: false,
      newProcessGroup: true,
      openFiles,
    });
  } catch (error) {
    throw failure('failed to start the shim server', error);
  }
}

function serverFlags(request: StartRequest): readonly string[] {
  const flags = ['-namespace', request.namespace, '-id', request.id, '-address', request.address];
  return request.debug ? [...flags, '-debug'] : flags;
}

function descriptorsOf(sockets: ServerSockets): readonly number[] {
  return sockets.debug === undefined ? [sockets.main] : [sockets.main, sockets.debug];
}
