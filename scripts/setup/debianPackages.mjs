import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { announce, findCommand, run, SetupError } from './command.mjs';
import { isDebian } from './host.mjs';

const compiler = {
  packages: ['gcc', 'libc6-dev'],
  present: () => findCommand('cc') !== undefined && existsSync('/usr/include/unistd.h'),
};

const containers = [
  {
    packages: ['containerd'],
    present: () =>
      ['containerd', 'ctr', 'containerd-shim-runc-v2'].every((name) => findCommand(name)),
  },
  { packages: ['runc'], present: () => findCommand('runc') !== undefined },
  { packages: ['crun'], present: () => findCommand('crun') !== undefined },
  { packages: ['busybox-static'], present: () => findCommand('busybox') !== undefined },
];

const checks = [
  { packages: ['cppcheck'], present: () => findCommand('cppcheck') !== undefined },
  {
    packages: ['gcc', 'libasan8'],
    present: () => {
      const { stdout } = spawnSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
      return existsSync((stdout ?? '').trim());
    },
  },
];

/** What each purpose needs of the system, told by what is there and not by what dpkg knows. */
export const requirements = {
  build: [compiler],
  containers: [compiler, ...containers],
  tests: [compiler, ...containers, ...checks],
};

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# podshim set-up: start no service while packages are unpacked';

/** Installs the missing ones of `wanted` with apt-get, without starting a service and without removing anything. */
export function installDebianPackages(wanted) {
  const missing = wanted.filter((item) => !item.present()).flatMap((item) => item.packages);
  removeLeftPolicy();
  if (missing.length === 0) {
    return;
  }
  const names = missing.join(' ');
  if (!isDebian()) {
    throw new SetupError(
      `this is not Debian and these are missing; install what Debian 12 calls: ${names}`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(`missing Debian packages; as root run: apt-get install ${names}`);
  }
  announce(`installing Debian packages: ${names}`);
  const policyIsOurs = holdServices();
  try {
    const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300'];
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', [...options, 'update'], { env: environment });
    run('apt-get', [...options, '--no-install-recommends', '--no-remove', 'install', ...missing], {
      env: environment,
    });
  } catch (error) {
    throw new SetupError(
      `${error.message}\n\nThe packages could not be installed. By hand: apt-get update && apt-get install ${names}`,
    );
  } finally {
    if (policyIsOurs) {
      rmSync(POLICY, { force: true });
    }
  }
  const still = wanted.filter((item) => !item.present()).flatMap((item) => item.packages);
  if (still.length > 0) {
    throw new SetupError(`still missing after apt-get install: ${still.join(' ')}`);
  }
}

/** The file answers "do not start" only while this process lives, so one left by a kill -9 does no harm. */
function holdServices() {
  try {
    writeFileSync(
      POLICY,
      `#!/bin/sh\n${POLICY_MARK}\n[ -d /proc/${process.pid} ] && exit 101\nexit 0\n`,
      { mode: 0o755, flag: 'wx' },
    );
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function removeLeftPolicy() {
  if (!existsSync(POLICY)) {
    return;
  }
  const text = readFileSync(POLICY, 'utf8');
  const owner = /\/proc\/(\d+)/.exec(text)?.[1];
  if (text.includes(POLICY_MARK) && !existsSync(`/proc/${owner}`)) {
    rmSync(POLICY, { force: true });
  }
}
