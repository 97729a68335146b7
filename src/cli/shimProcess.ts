import { parseFlags } from '../flags.ts';

/** A process that was started the way containerd starts a shim's server, whoever's shim it is. */
export interface ShimProcess {
  readonly pid: number;
  readonly uid: number;
  /** It is in another pid namespace than we: in a container, say, where a process can call itself anything. */
  readonly isElsewhere: boolean;
  /** Base name of the executable or script. */
  readonly program: string;
  readonly namespace: string;
  readonly id: string;
  /** The socket it listens on; undefined when that cannot be seen. */
  readonly socket: string | undefined;
}

export interface ServerFlags {
  readonly program: string;
  readonly namespace: string;
  readonly id: string;
}

/**
 * What a command line says when it is that of a shim's server: the flags of contract 1.1 and no action. The flags may
 * come after an interpreter and its script.
 */
export function readServerFlags(argv: readonly string[]): ServerFlags | undefined {
  const first = argv.findIndex((word) => /^--?(namespace|id|address|debug)\b/.test(word));
  if (first < 1) return undefined;
  const path = argv[first - 1] ?? '';
  try {
    const { namespace, id, action } = parseFlags(argv.slice(first), path);
    if (namespace === '' || id === '' || action !== '') return undefined;
    return { program: path.slice(path.lastIndexOf('/') + 1), namespace, id };
  } catch {
    return undefined;
  }
}

const listening = 0x1_0000;

/** Paths of the sockets that somebody listens on, by inode, from the text of /proc/net/unix. */
export function listeningSockets(table: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of table.split('\n')) {
    const [, , , flags = '', , , inode, path] = line.trim().split(/\s+/);
    if (inode === undefined || path === undefined || !path.startsWith('/')) continue;
    if ((Number.parseInt(flags, 16) & listening) !== 0) paths.set(inode, path);
  }
  return paths;
}

const inheritedDescriptor = 3;

/**
 * The socket of a server among its descriptors: the inherited one (contract 2.3), else the first that it listens on.
 * @param links what /proc/<pid>/fd/<n> point to, by number
 */
export function serverSocket(
  links: ReadonlyMap<number, string>,
  sockets: ReadonlyMap<string, string>,
): string | undefined {
  const numbers = [...links.keys()].sort((one, other) => one - other);
  for (const descriptor of [inheritedDescriptor, ...numbers]) {
    const inode = /^socket:\[(\d+)\]$/.exec(links.get(descriptor) ?? '')?.[1];
    const path = inode === undefined ? undefined : sockets.get(inode);
    if (path !== undefined) return path;
  }
  return undefined;
}
