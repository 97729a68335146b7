import { isSystemError } from '../posix/error.ts';
import type { NamespaceRequest } from '../posix/namespaces.ts';
import { fileStatus } from '../posix/paths.ts';
import { invalidArgument } from '../ttrpc/status.ts';

type Namespaces = Omit<NamespaceRequest, 'settings'>;

/** Below /proc/sys/kernel: of the IPC namespace. The list is runc's. */
const ofIpc: ReadonlySet<string> = new Set([
  ...['msgmax', 'msgmnb', 'msgmni', 'sem'],
  ...['shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'],
]);

/**
 * A pod's sysctls as files of /proc/sys. The shim writes them as root, so it takes those that belong to namespaces of
 * the pod's own and no others: as runc does, which is not there to refuse them where there is no pause container.
 * @throws StatusError InvalidArgument for any other, and for what is no name of a setting
 */
export function kernelSettings(
  sysctls: Readonly<Record<string, string | undefined>>,
  namespaces: Namespaces,
): NamespaceRequest['settings'] {
  return Object.entries(sysctls).map(([name, value]) => {
    const parts = partsOf(name);
    if (value?.includes('\0')) {
      throw invalidArgument(`the value of sysctl ${JSON.stringify(name)} contains a NUL character`);
    }
    if (!isOfPod(parts, namespaces)) {
      throw invalidArgument(`sysctl ${JSON.stringify(name)} is not of a namespace of this pod`);
    }
    return { path: `/proc/sys/${parts.join('/')}`, value: value ?? '' };
  });
}

/** `net.ipv4.ip_forward`, or with slashes, where a name between them may have dots: sysctl(8) takes both. */
function partsOf(name: string): readonly string[] {
  const firstSlash = name.indexOf('/');
  const firstDot = name.indexOf('.');
  const slashed = firstSlash >= 0 && (firstDot < 0 || firstSlash < firstDot);
  const path = slashed ? name : name.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    throw invalidArgument(`sysctl ${JSON.stringify(name)} is no name of a kernel setting`);
  }
  return parts;
}

function isOfPod([area, name = '', ...more]: readonly string[], namespaces: Namespaces): boolean {
  if (area === 'net') return isOwnNetwork(namespaces.network);
  if (area === 'fs') return name === 'mqueue' && namespaces.newIpc;
  if (area !== 'kernel' || more.length > 0) return false;
  return name === 'domainname' ? namespaces.newUts : ofIpc.has(name) && namespaces.newIpc;
}

/** A path may lead to the network of the machine as well. */
function isOwnNetwork(path: string | undefined): boolean {
  if (path === undefined) return false;
  try {
    const [given, machine] = [fileStatus(path), fileStatus('/proc/self/ns/net')];
    return given.inode !== machine.inode || given.device !== machine.device;
  } catch (error) {
    // That it is not there is for the one who joins it to say.
    if (isSystemError(error, 'ENOENT')) return true;
    throw error;
  }
}
