import { native } from './addon.ts';
import { SystemError } from './error.ts';
import { slots } from './native.ts';

/** What is written below /proc/sys from inside the namespaces. */
export interface KernelSetting {
  /** Absolute. */
  readonly path: string;
  readonly value: string;
}

export interface NamespaceRequest {
  /** A namespace file to be joined; undefined: the network of this process. */
  readonly network: string | undefined;
  /** A new one, rather than that of this process. */
  readonly newIpc: boolean;
  readonly newUts: boolean;
  readonly hostName: string | undefined;
  readonly settings: readonly KernelSetting[];
}

const CLONE_NEWUTS = 0x0400_0000;
const CLONE_NEWIPC = 0x0800_0000;

/**
 * Holds namespaces open by a thread that does nothing else, without a process: `/proc/<number>/ns/net`, `ipc` and `uts`
 * lead to them. There can be one such thread; it ends with this process at the latest.
 * @returns the thread's number, which nobody may signal: that would reach the whole process
 * @throws SystemError; EBUSY when namespaces are held already
 */
export function holdNamespaces(request: NamespaceRequest): number {
  const { network, newIpc, newUts, hostName, settings } = request;
  const flags = (newIpc ? CLONE_NEWIPC : 0) | (newUts ? CLONE_NEWUTS : 0);
  const strings = settings.flatMap(({ path, value }) => [path, value]);
  // It would end the value, and what follows it would be the next path.
  if (strings.some((text) => text.includes('\0'))) {
    throw new TypeError('the string contains a NUL character');
  }
  const block = strings.map((text) => `${text}\0`).join('');
  const result = native().holdNamespaces(network, flags, hostName, block, settings.length, slots);
  if (result >= 0) return result;
  const [step = 0, setting = 0] = slots;
  const steps = [
    ['clone', undefined],
    ['open', network],
    ['setns', network],
    ['unshare', undefined],
    ['sethostname', hostName],
    ['write', settings[setting]?.path],
  ] as const;
  const [syscall, path] = steps[step] ?? steps[0];
  throw new SystemError(syscall, -result, path);
}

/** Ends the thread; namespaces that no container uses go with it. */
export function releaseNamespaces(): void {
  native().releaseNamespaces();
}
