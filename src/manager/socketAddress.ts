import { platform } from '../platform/runtime.ts';
import { joinPath } from './path.ts';

/** Where sockets live unless the daemon names another directory (contract 2.1). */
export const DEFAULT_SOCKET_DIRECTORY = '/run/containerd/s';

/** Longest socket path accepted, in bytes; sun_path ends at 108 (contract 15). */
export const SOCKET_PATH_LIMIT = 106;

const SCHEME = 'unix://';

/** What an address is computed from. */
export interface SocketIdentity {
  /** Directory the socket is created in. */
  readonly directory: string;
  /** The daemon's gRPC address as given. */
  readonly address: string;
  readonly namespace: string;
  readonly group: string;
}

/**
 * The address of a group's server, `unix://<directory>/<64 hex digits>` (contract 2.1).
 *
 * @throws Error when the path would be longer than SOCKET_PATH_LIMIT; it names both lengths.
 */
export function socketAddress(identity: SocketIdentity): string {
  return addressOf(identity, '');
}

/** The address of a group's debug socket; only made with -debug (contract 3.6). */
export function debugSocketAddress(identity: SocketIdentity): string {
  return addressOf(identity, 'debug');
}

/** The path of a `unix://` address. */
export function socketPathOf(address: string): string {
  return address.startsWith(SCHEME) ? address.slice(SCHEME.length) : address;
}

/** @throws Error when the kernel could not take the path; it names both lengths. */
export function checkSocketPath(path: string): void {
  // No character takes more than three bytes per UTF-16 unit.
  if (path.length * 3 <= SOCKET_PATH_LIMIT) {
    return;
  }
  const length = new TextEncoder().encode(path).length;
  if (length > SOCKET_PATH_LIMIT) {
    throw new Error(`unix socket path too long (${length} > ${SOCKET_PATH_LIMIT}): ${path}`);
  }
}

function addressOf(identity: SocketIdentity, kind: string): string {
  if (!identity.directory.startsWith('/')) {
    throw new Error(`socket directory is not an absolute path: ${identity.directory}`);
  }
  const input = joinPath(identity.address, identity.namespace, identity.group, kind);
  const path = joinPath(identity.directory, platform.sha256Hex(input));
  checkSocketPath(path);
  return SCHEME + path;
}
