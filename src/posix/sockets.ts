import { native } from './addon.ts';
import { check, ERRNO, SystemError } from './error.ts';
import { slots } from './native.ts';

/** The longest path of a unix socket in bytes: sun_path less its final NUL. */
export const LONGEST_SOCKET_PATH = 107;

function checkLength(path: string, syscall: string): void {
  // No character takes more than three bytes per UTF-16 unit.
  if (path.length * 3 <= LONGEST_SOCKET_PATH) return;
  const length = new TextEncoder().encode(path).length;
  if (length <= LONGEST_SOCKET_PATH) return;
  throw new SystemError(
    syscall,
    ERRNO.ENAMETOOLONG,
    path,
    `unix socket path too long: ${length} bytes, the limit is ${LONGEST_SOCKET_PATH}: ${path}`,
  );
}

/**
 * Binds and listens. The file has mode 0600 from its first moment on. The descriptor is non-blocking; closing it leaves
 * the path in place. EADDRINUSE when the path exists.
 */
export function listenUnix(path: string, backlog: number): number {
  checkLength(path, 'bind');
  return check(native().listenUnix(path, backlog), 'bind', path);
}

/** Connects; ETIMEDOUT when the backlog stays full for that long. The descriptor is blocking. */
export function connectUnix(path: string, timeoutMilliseconds: number): number {
  checkLength(path, 'connect');
  return check(native().connectUnix(path, timeoutMilliseconds), 'connect', path);
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who is at the other end, as it was when it connected. */
export function peerCredentials(descriptor: number): PeerCredentials {
  check(native().peerCredentials(descriptor, slots), 'getsockopt');
  return { pid: slots[0] ?? 0, uid: slots[1] ?? 0, gid: slots[2] ?? 0 };
}

/** Whether the other end is closed, whatever of what it sent has been read. Asks the kernel; a closed descriptor has no other end. */
export function hasHungUp(descriptor: number): boolean {
  return descriptor < 0 || check(native().hasHungUp(descriptor), 'poll') !== 0;
}

/** The path a socket is bound to; '' for none, '@name' for an abstract one. */
export function socketPath(descriptor: number): string {
  const result = native().socketPath(descriptor);
  if (typeof result === 'number') throw new SystemError('getsockname', -result);
  return result;
}

/** A connection that waits in the backlog, as a blocking descriptor, or undefined when there is none. */
export function acceptConnection(descriptor: number): number | undefined {
  const result = native().acceptConnection(descriptor);
  return result === -ERRNO.EAGAIN ? undefined : check(result, 'accept');
}

/**
 * Receives one message with a name and one descriptor, as runc sends it for a terminal (contract 7.4). Never waits:
 * EAGAIN when nothing is there. EPROTO when it is anything else, or the end; descriptors that came with it are closed.
 */
export function receiveDescriptor(socket: number): { name: string; descriptor: number } {
  const name = native().receiveDescriptor(socket, slots);
  if (typeof name === 'number') throw new SystemError('recvmsg', -name);
  return { name, descriptor: slots[0] ?? -1 };
}

/** Sends a name and a copy of a descriptor. */
export function sendDescriptor(socket: number, name: string, descriptor: number): void {
  check(native().sendDescriptor(socket, name, descriptor), 'sendmsg');
}

/** Sends one datagram to a unix socket; '@name' is an abstract one. Never waits. */
export function sendDatagram(path: string, data: Uint8Array | string): void {
  checkLength(path, 'sendto');
  check(native().sendDatagram(path, data), 'sendto', path);
}
