import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { version } from '../../version.ts';
import type {
  CgroupFacts,
  ContainerdFacts,
  DirectoryFacts,
  Facts,
  PlaceFacts,
  PrivilegeFacts,
  ProgramFacts,
  ShimFacts,
} from './facts.ts';
import { tryFeatures } from './features.ts';
import { mountOptions } from './mountOptions.ts';

const shimName = 'containerd-shim-podshim-v1';
const socketDirectory = '/run/containerd/s';
const cgroupRoot = '/sys/fs/cgroup';
const commandLimitMilliseconds = 5000;
const cgroup2Magic = 0x63677270;
const wholeUidMap = /^\s*0\s+0\s+4294967295\s*$/;

/** Looks at this machine. Never throws: what cannot be seen is left out of the facts. */
export async function gatherFacts(): Promise<Facts> {
  const containerd = containerdFacts();
  const mountInfo = textOf('/proc/self/mountinfo');
  const shim = shimFacts(containerd);
  return {
    user: process.geteuid?.() ?? -1,
    kernel: textOf('/proc/sys/kernel/osrelease').trim(),
    architecture: arch(),
    glibc: /\d+\.\d+/.exec(outputOf('getconf', ['GNU_LIBC_VERSION']) ?? '')?.[0],
    process: privilegesOf('self'),
    userNamespace: !wholeUidMap.test(textOf('/proc/self/uid_map')),
    features: await tryFeatures(),
    containerd,
    shim,
    runtimes: ['runc', 'crun']
      .map((name) => programFacts(name, containerd.searchPath))
      .filter((program) => program !== undefined),
    cgroup: cgroupFacts(mountInfo),
    sockets: directoryFacts(socketDirectory),
    places: [
      placeFacts('/run', 'bundles, sockets, dumps', false, mountInfo),
      placeFacts('/var/lib', 'snapshots of images', false, mountInfo),
      placeFacts(dirname(shim.path ?? shim.ownPath), 'the shim', true, mountInfo),
    ].filter((place) => place !== undefined),
  };
}

function containerdFacts(): ContainerdFacts {
  const pid = processNamed('containerd');
  const environment = pid === undefined ? [] : textOf(`/proc/${pid}/environ`).split('\0');
  const path = environment.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length);
  const searchPath = path ?? process.env.PATH ?? '';
  const running = pid === undefined ? undefined : linkOf(`/proc/${pid}/exe`);
  return {
    program:
      running === undefined
        ? programFacts('containerd', searchPath)
        : { name: 'containerd', path: running, version: outputOf(running, ['--version']) },
    pid,
    searchPath,
    privileges: pid === undefined ? undefined : privilegesOf(String(pid)),
    killMode: killMode(),
  };
}

function processNamed(name: string): number | undefined {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const pid = pids.find((entry) => textOf(`/proc/${entry}/comm`).trim() === name);
  return pid === undefined ? undefined : Number(pid);
}

function killMode(): string | undefined {
  if (!existsSync('/run/systemd/system')) return undefined;
  const output = outputOf('systemctl', ['show', 'containerd', '-p', 'LoadState', '-p', 'KillMode']);
  if (output === undefined || !output.includes('LoadState=loaded')) return undefined;
  return /^KillMode=(.+)$/m.exec(output)?.[1];
}

/** containerd looks on its PATH, then beside its own binary. */
function shimFacts({ searchPath, program }: ContainerdFacts): ShimFacts {
  const beside = program === undefined ? '' : `:${dirname(program.path)}`;
  const path = findProgram(shimName, searchPath + beside);
  return {
    path,
    version: /Version:\s*(\S+)/.exec(path === undefined ? '' : (outputOf(path, ['-v']) ?? ''))?.[1],
    ownVersion: version,
    ownPath: process.execPath,
  };
}

function programFacts(name: string, searchPath: string): ProgramFacts | undefined {
  const path = findProgram(name, searchPath);
  return path === undefined ? undefined : { name, path, version: outputOf(path, ['--version']) };
}

function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}

function cgroupFacts(mountInfo: string): CgroupFacts {
  const writable = !mountOptions(cgroupRoot, mountInfo).includes('ro');
  if (typeOf(cgroupRoot) === cgroup2Magic) {
    const controllers = words(textOf(`${cgroupRoot}/cgroup.controllers`));
    return { mode: 'v2', controllers, writable };
  }
  const names = entriesOf(cgroupRoot).filter((name) => existsSync(join(cgroupRoot, name, 'tasks')));
  if (names.length === 0) return { mode: 'none', controllers: [], writable };
  const controllers = [...new Set(names.flatMap((name) => name.split(',')))];
  const hybrid = typeOf(join(cgroupRoot, 'unified')) === cgroup2Magic;
  return { mode: hybrid ? 'hybrid' : 'v1', controllers, writable: true };
}

function directoryFacts(path: string): DirectoryFacts | undefined {
  try {
    const status = statSync(path);
    const permissions = 0o7777;
    return {
      path,
      type: status.isDirectory() ? 'directory' : 'other',
      uid: status.uid,
      mode: status.mode & permissions,
    };
  } catch {
    return undefined;
  }
}

function placeFacts(
  path: string,
  use: string,
  needsExec: boolean,
  mountInfo: string,
): PlaceFacts | undefined {
  try {
    const place = realpathSync(path);
    const options = mountOptions(place, mountInfo);
    const { bavail, bsize, ffree, files } = statfsSync(place);
    return {
      path,
      use,
      needsExec,
      noExec: options.includes('noexec'),
      readOnly: options.includes('ro'),
      freeBytes: bavail * bsize,
      // Some file systems make inodes as they need them, and count none.
      freeInodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree,
    };
  } catch {
    return undefined;
  }
}

function privilegesOf(pid: string): PrivilegeFacts {
  const status = textOf(`/proc/${pid}/status`);
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '0';
  return {
    capabilities: BigInt(`0x${field('CapEff')}`),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: Number(field('Seccomp')),
  };
}

/** What a command prints, error output included; undefined when it fails. */
function outputOf(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      timeout: commandLimitMilliseconds,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function typeOf(path: string): number {
  try {
    return statfsSync(path).type;
  } catch {
    return 0;
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
