import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import {
  listeningSockets,
  readServerFlags,
  type ShimProcess,
  serverSocket,
} from './shimProcess.ts';

/** Every shim server that runs on this machine, of whatever make, by pid. */
export function findShims(): ShimProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readShim(Number(name)))
    .filter((shim) => shim !== undefined)
    .sort((one, other) => one.pid - other.pid);
}

/** Processes come and go: one that cannot be read is not there. */
function readShim(pid: number): ShimProcess | undefined {
  const directory = `/proc/${pid}`;
  try {
    // A server that went on from a helper may have empty words at the end (native/fork.c).
    const argv = readFileSync(`${directory}/cmdline`, 'utf8').replace(/\0+$/, '').split('\0');
    const flags = readServerFlags(argv);
    if (flags === undefined) return undefined;
    const { uid } = statSync(directory);
    const namespace = (of: string): string => readlinkSync(`${of}/ns/pid`);
    const isElsewhere = namespace(directory) !== namespace('/proc/self');
    return { pid, uid, isElsewhere, ...flags, socket: socketOf(directory) };
  } catch {
    return undefined;
  }
}

function socketOf(directory: string): string | undefined {
  try {
    const links = new Map<number, string>();
    for (const name of readdirSync(`${directory}/fd`)) {
      links.set(Number(name), readlinkSync(`${directory}/fd/${name}`));
    }
    // The process's own table: it may live in another network namespace than we.
    return serverSocket(links, listeningSockets(readFileSync(`${directory}/net/unix`, 'utf8')));
  } catch {
    return undefined;
  }
}
