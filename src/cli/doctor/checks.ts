import { bytesText } from '../units.ts';
import type { Facts, Feature, PlaceFacts, PrivilegeFacts } from './facts.ts';

export type Level = 'ok' | 'warn' | 'fail';

/** What one check found. */
export interface Finding {
  readonly level: Level;
  readonly text: string;
  /** How to mend it. */
  readonly mend?: string;
}

export interface Check {
  readonly name: string;
  examine(facts: Facts): Finding;
}

const ok = (text: string): Finding => ({ level: 'ok', text });
const warn = (text: string, mend: string): Finding => ({ level: 'warn', text, mend });
const fail = (text: string, mend: string): Finding => ({ level: 'fail', text, mend });

const shimName = 'containerd-shim-podshim-v1';
/** pidfd_open(2). */
const oldestKernel = '5.3';
const oldestGlibc = '2.34';
const oldestContainerd = '1.6';
const oldestRunc = '1.1';
const smallestSpace = 16_000_000;
const fewestInodes = 1000;
const othersMayWrite = 0o022;

/** Compares dotted numbers as far as both go. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const have = numbers(version);
  for (const [index, number] of numbers(wanted).entries()) {
    const own = have[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

/** The number in what a program says of its version. */
export function versionNumber(text: string): string | undefined {
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
}

function user({ user, userNamespace }: Facts): Finding {
  if (user !== 0) {
    return fail(
      `running as user ${user}; some of what follows could not be seen`,
      'Run it as root: sudo podshim doctor.',
    );
  }
  if (userNamespace) {
    return warn(
      'root of a user namespace only, which may not mount or make devices',
      'Rootless containerd is not supported; run containerd as the real root.',
    );
  }
  return ok('running as root');
}

function kernel({ kernel: release, architecture }: Facts): Finding {
  const text = `Linux ${release} on ${architecture}`;
  return isAtLeast(release, oldestKernel)
    ? ok(text)
    : fail(text, `Linux ${oldestKernel} or later is needed, for pidfd_open(2).`);
}

function library({ glibc }: Facts): Finding {
  if (glibc === undefined) {
    return warn(
      'no GNU C library was found',
      `podshim is linked to glibc ${oldestGlibc} or later; musl will not do.`,
    );
  }
  return isAtLeast(glibc, oldestGlibc)
    ? ok(`glibc ${glibc}`)
    : fail(
        `glibc ${glibc}`,
        `glibc ${oldestGlibc} or later is needed: Debian 12, Ubuntu 22.04, RHEL 9 or newer.`,
      );
}

function feature(name: Feature, good: string, mend: string): (facts: Facts) => Finding {
  return ({ features }) => {
    const problem = features[name];
    return problem === undefined ? ok(good) : fail(`${name}: ${problem}`, mend);
  };
}

const seccompMend = (call: string): string =>
  `Does podshim run in a container or a sandbox? Its seccomp profile has to allow ${call}.`;

function containerd({ containerd: daemon }: Facts): Finding {
  const { program, pid } = daemon;
  if (program === undefined) {
    return fail(
      'containerd was not found',
      `Install containerd ${oldestContainerd} or later (Debian: apt install containerd).`,
    );
  }
  const text = `${program.path} ${versionNumber(program.version ?? '') ?? 'of unknown version'}`;
  const number = versionNumber(program.version ?? '');
  if (number === undefined || !isAtLeast(number, oldestContainerd)) {
    return fail(text, `containerd ${oldestContainerd} or later is needed.`);
  }
  return pid === undefined
    ? warn(`${text}, not running`, 'Start it: systemctl start containerd.')
    : ok(`${text}, pid ${pid}`);
}

function shim({ shim: binary, containerd: daemon }: Facts): Finding {
  if (binary.path === undefined) {
    return fail(
      `${shimName} is not on containerd's PATH (${daemon.searchPath})`,
      `install -m 755 ${binary.ownPath} /usr/local/bin/${shimName}`,
    );
  }
  if (binary.version === undefined) {
    return fail(
      `${binary.path} cannot be run`,
      'Is it executable, of this architecture and on a file system without noexec?',
    );
  }
  return binary.version === binary.ownVersion
    ? ok(`${binary.path} ${binary.version}`)
    : warn(
        `${binary.path} is version ${binary.version}, this is ${binary.ownVersion}`,
        `install -m 755 ${binary.ownPath} ${binary.path}; running pods keep the version they have.`,
      );
}

function runtime({ runtimes }: Facts): Finding {
  const [first] = runtimes;
  if (first === undefined) {
    return fail(
      "neither runc nor crun is on containerd's PATH",
      'Install one (Debian: apt install runc).',
    );
  }
  const broken = runtimes.find(({ version }) => version === undefined);
  if (broken !== undefined) {
    return fail(`${broken.path} cannot be run`, `Reinstall ${broken.name}.`);
  }
  const text = runtimes
    .map(({ path, version = '' }) => `${path} ${versionNumber(version) ?? '?'}`)
    .join(', ');
  const runc = runtimes.find(({ name }) => name === 'runc');
  const number = versionNumber(runc?.version ?? '');
  return number !== undefined && !isAtLeast(number, oldestRunc)
    ? warn(text, `runc ${oldestRunc} or later is what podshim is tested with.`)
    : ok(text);
}

function cgroup({ cgroup: facts }: Facts): Finding {
  const { mode, controllers, writable } = facts;
  if (mode === 'none') {
    return fail(
      'no cgroup file system at /sys/fs/cgroup',
      'mount -t cgroup2 none /sys/fs/cgroup, or boot with systemd.',
    );
  }
  const text = `cgroup ${mode} with ${controllers.join(' ') || 'no controllers'}`;
  if (!writable) return fail(`${text}, mounted read-only`, 'mount -o remount,rw /sys/fs/cgroup');
  const missing = ['memory', 'pids'].filter((name) => !controllers.includes(name));
  return missing.length === 0
    ? ok(text)
    : warn(
        `${text}; without ${missing.join(' and ')}`,
        `Containers get no ${missing.join(' or ')} limit. Boot with cgroup_enable=memory, or delegate the controllers.`,
      );
}

function sockets({ sockets: directory }: Facts): Finding {
  if (directory === undefined) return ok('/run/containerd/s is not there yet; start makes it');
  const { path, type, uid, mode } = directory;
  const text = `${path} belongs to user ${uid} with mode ${mode.toString(8)}`;
  if (type !== 'directory') {
    return fail(`${path} is no directory`, `Remove it: containerd makes it again.`);
  }
  if (uid !== 0 || (mode & othersMayWrite) !== 0) {
    return fail(
      `${text}: others could put their socket in a shim's place`,
      `chown root:root ${path} && chmod 711 ${path}`,
    );
  }
  return ok(text);
}

function places({ places: all }: Facts): Finding {
  const problem = all.map(placeProblem).find((finding) => finding !== undefined);
  if (problem !== undefined) return problem;
  return ok(all.map(({ path, freeBytes }) => `${path} ${bytesText(freeBytes)} free`).join(', '));
}

function placeProblem(place: PlaceFacts): Finding | undefined {
  const { path, use, noExec, readOnly, freeBytes, freeInodes, needsExec } = place;
  if (readOnly && !needsExec) {
    return fail(`${path} (${use}) is read-only`, `mount -o remount,rw ${path}`);
  }
  if (noExec && needsExec) {
    return fail(
      `${path} (${use}) is mounted noexec`,
      `mount -o remount,exec ${path}, or put the binary elsewhere.`,
    );
  }
  if (!needsExec && (freeBytes < smallestSpace || freeInodes < fewestInodes)) {
    return fail(
      `${path} (${use}) has ${bytesText(freeBytes)} and ${freeInodes} inodes left`,
      `Make room in ${path}: no container can be created without.`,
    );
  }
  return undefined;
}

const neededCapabilities: ReadonlyMap<string, bigint> = new Map([
  ['CAP_KILL', 5n],
  ['CAP_SETGID', 6n],
  ['CAP_SETUID', 7n],
  ['CAP_NET_ADMIN', 12n],
  ['CAP_SYS_CHROOT', 18n],
  ['CAP_SYS_ADMIN', 21n],
]);

/** Which of the capabilities that a runtime needs are not in a set. */
export function missingCapabilities(set: bigint): string[] {
  return [...neededCapabilities].filter(([, bit]) => ((set >> bit) & 1n) === 0n).map(([n]) => n);
}

/** What a shim inherits: containerd's privileges, or ours as a stand-in. */
function privileges({ containerd: daemon, process: own, user: id }: Facts): Finding {
  const [whose, of]: [string, PrivilegeFacts] =
    daemon.privileges === undefined ? ['this process', own] : ['containerd', daemon.privileges];
  const missing = missingCapabilities(of.capabilities);
  if (missing.length > 0 && (id === 0 || whose === 'containerd')) {
    return fail(
      `${whose} lacks ${missing.join(' ')}`,
      'Containers need them: check CapabilityBoundingSet of its unit, or run it with --privileged.',
    );
  }
  if (of.noNewPrivileges) {
    return warn(
      `${whose} has NoNewPrivs set: setuid programs in containers will not work`,
      'Remove NoNewPrivileges=yes, and what implies it, from its unit.',
    );
  }
  if (of.seccomp !== 0) {
    return warn(
      `${whose} is under a seccomp filter, which all containers inherit`,
      'If calls fail with EPERM or ENOSYS, look at the filter first.',
    );
  }
  return ok(`${whose} has the capabilities, no NoNewPrivs, no seccomp filter`);
}

function service({ containerd: daemon }: Facts): Finding {
  const { killMode } = daemon;
  if (killMode === undefined) return ok('containerd is no systemd service here');
  return killMode === 'process'
    ? ok('KillMode=process: containers outlive a restart of containerd')
    : fail(
        `containerd's unit has KillMode=${killMode}: its restart kills every shim`,
        'systemctl edit containerd, and set [Service] KillMode=process Delegate=yes.',
      );
}

/** In the order in which they are shown. */
export const checks: readonly Check[] = [
  { name: 'user', examine: user },
  { name: 'kernel', examine: kernel },
  { name: 'C library', examine: library },
  {
    name: 'native part',
    examine: feature(
      'addon',
      'loads',
      'Install podshim.node beside the binary, or allow code in /run/podshim or /var/lib/podshim.',
    ),
  },
  {
    name: 'pidfd',
    examine: feature('pidfd', 'pidfd_open works', seccompMend('pidfd_open')),
  },
  {
    name: 'subreaper',
    examine: feature('subreaper', 'orphans are adopted', seccompMend('prctl')),
  },
  {
    name: 'splice',
    examine: feature('splice', 'streams move in the kernel', seccompMend('splice and epoll')),
  },
  { name: 'containerd', examine: containerd },
  { name: 'shim', examine: shim },
  { name: 'OCI runtime', examine: runtime },
  { name: 'cgroups', examine: cgroup },
  { name: 'sockets', examine: sockets },
  { name: 'places', examine: places },
  { name: 'privileges', examine: privileges },
  { name: 'service', examine: service },
];
