import { existsSync, readFileSync } from 'node:fs';
import { SetupError } from './command.mjs';

const MINIMUM_NODE = 20;

/** Refuses a host on which nothing of this can work: not Linux, or a Node that is too old. */
export function checkHost() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < MINIMUM_NODE) {
    throw new SetupError(
      `Node ${MINIMUM_NODE} or later is needed, this is ${process.versions.node}. Install nodejs ${MINIMUM_NODE} with npm.`,
    );
  }
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetupError(
      `Linux on x64 or arm64 is needed, this is ${process.platform} on ${process.arch}.`,
    );
  }
}

/** Refuses to go on as an ordinary user: containers, mounts and cgroups need root. */
export function checkRoot(purpose) {
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `${purpose} starts real containers and has to run as root: run the same command with sudo, or as root.`,
    );
  }
}

/** True where apt-get installs Debian's own packages. */
export function isDebian() {
  if (!existsSync('/etc/os-release') || !existsSync('/usr/bin/apt-get')) {
    return false;
  }
  return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
}
