import { joinCgroup } from '../cgroup/join.ts';
import type { ShimFlags } from '../flags.ts';
import { SIGKILL } from '../posix/constants.ts';
import { replaceFile, writeAll } from '../posix/files.ts';
import { makeSymlink, removeFile } from '../posix/paths.ts';
import { parentPid, reapExited, sendSignal } from '../posix/processes.ts';
import { encodeAnswer, readStartRequest, STDIN_LIMIT, type StartRequest } from './bootstrap.ts';
import { forkServer } from './forkServer.ts';
import { readGroup } from './grouping.ts';
import { checkIdentity } from './identity.ts';
import { abandonSocket, claimSocket, type ListeningSocket, replaceSocket } from './listen.ts';
import { adjustOomScore } from './oomScore.ts';
import { enableSchedCore } from './schedCore.ts';
import { launchFor, type ServerLaunch } from './serverLaunch.ts';
import { shimCgroupOf } from './shimCgroup.ts';
import { debugSocketAddress, socketAddress, socketPathOf } from './socketAddress.ts';
import { spawnServer } from './spawnServer.ts';
import { readStdin } from './stdin.ts';

const STDOUT = 1;

/** What `start` has made so far and takes back when a later step fails. */
interface Made {
  main: ListeningSocket | undefined;
  debug: ListeningSocket | undefined;
  server: number | undefined;
}

/**
 * The action `start` (contract 1, 2.3, 3.1): finds or starts the server of the container's group and
 * prints its address. Runs in the bundle. Does not wait for the server: its socket listens already.
 *
 * @returns twice where the server is a fork of this process: in the server, with what it is to serve; otherwise undefined
 */
export async function start(flags: ShimFlags): Promise<ServerLaunch | undefined> {
  checkIdentity(flags);
  const bundle = process.cwd();
  const request = readStartRequest(readStdin(STDIN_LIMIT), flags);
  const identity = {
    directory: request.socketDirectory,
    address: request.address,
    namespace: request.namespace,
    group: readGroup(`${bundle}/config.json`, request.id),
  };
  const address = socketAddress(identity);
  const made: Made = { main: undefined, debug: undefined, server: undefined };
  try {
    made.main = claimSocket(socketPathOf(address));
    if (made.main !== undefined) {
      if (request.debug) {
        made.debug = replaceSocket(socketPathOf(debugSocketAddress(identity)));
      }
      const launch = await startServer(request, bundle, made.main, made);
      if (launch !== undefined) return launch;
    }
    recordAddress(request, bundle, address);
    checkServer(made);
    const joined = made.main === undefined && request.bootstrap;
    const version = joined ? await versionOf(socketPathOf(address)) : undefined;
    writeAll(STDOUT, encodeAnswer(request, address, version));
    return undefined;
  } catch (error) {
    takeBack(made);
    throw error;
  }
}

/** @returns what to serve where this is the server now. */
async function startServer(
  request: StartRequest,
  bundle: string,
  main: ListeningSocket,
  made: Made,
): Promise<ServerLaunch | undefined> {
  enableSchedCore(process.env.SCHED_CORE);
  const launch = launchFor(request, { main: main.descriptor, debug: made.debug?.descriptor });
  const cgroup = await shimCgroupOf(request.options);
  // Memory stays charged to the cgroup in which it was first used: a server with a cgroup of its own starts from nothing.
  const forked = cgroup === undefined ? forkServer(launch, process.env) : undefined;
  if (forked === 0) return launch;
  const pid = forked ?? spawnServer(launch, bundle, process.env);
  made.server = pid;
  if (cgroup !== undefined) {
    joinCgroup(cgroup, pid);
  }
  adjustOomScore(pid, parentPid());
  return undefined;
}

/**
 * Writes what the daemon reads after its own restart (contract 1.13), for a server that is reused as
 * well: 1.6 and 1.7 know no other place, and 2.x falls back to it.
 */
function recordAddress(request: StartRequest, bundle: string, address: string): void {
  replaceFile(`${bundle}/address`, address, 0o644);
  if (request.socketDirectoryGiven) {
    removeFile(`${bundle}/s`);
    makeSymlink(request.socketDirectory, `${bundle}/s`);
  }
}

/** Loaded here, for most starts do without it. */
async function versionOf(path: string): Promise<number> {
  const { servedVersion } = await import('./servedVersion.ts');
  return servedVersion(path);
}

/** @throws Error when the server is dead already. Nobody waits here: whoever died later is not seen. */
function checkServer(made: Made): void {
  const exit = made.server === undefined ? undefined : reapExited().at(0);
  if (exit !== undefined) {
    made.server = undefined;
    throw new Error(`the shim server ended at once with status ${exit.status}`);
  }
}

function takeBack(made: Made): void {
  if (made.server !== undefined) {
    sendSignal(made.server, SIGKILL);
  }
  for (const socket of [made.main, made.debug]) {
    if (socket !== undefined) {
      abandonSocket(socket);
    }
  }
}
