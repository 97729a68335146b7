import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distDirectory } from './paths.ts';

export interface ContainerdOptions {
  readonly executable?: string;
  readonly ctr?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Of the configuration file: 2 by default, 3 for containerd 2.x. */
  readonly configVersion?: 2 | 3;
  /** Directories that come first on the daemon's PATH. */
  readonly searchPath?: readonly string[];
  readonly runtime?: string;
  /** More of the configuration: that of CRI, which is disabled without. */
  readonly cri?: string;
  /** The pid of a process in whose mount namespace the daemon is to live. */
  readonly mountNamespace?: number;
}

/** The plugins of CRI, by version of the configuration; where they are not the subject they only cost time. */
const CRI = {
  2: ['io.containerd.grpc.v1.cri'],
  3: ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime'],
} as const;

/** Starts a daemon that keeps to one directory. `log` is a descriptor for what it and its shims print. */
export function spawnContainerd(
  directory: string,
  address: string,
  log: number,
  options: ContainerdOptions,
): ChildProcess {
  const { executable = 'containerd', environment = {}, searchPath = [] } = options;
  const config = join(directory, 'config.toml');
  writeFileSync(config, configuration(directory, address, options));
  const inherited = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const path = [...searchPath, distDirectory, inherited].join(':');
  const [command = '', ...args] = [...entering(options.mountNamespace), executable, '-c', config];
  return spawn(command, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment, PATH: path },
    detached: true,
  });
}

/** nsenter becomes the daemon: the pid stays. */
function entering(mountNamespace: number | undefined): string[] {
  return mountNamespace === undefined ? [] : ['nsenter', `--mount=/proc/${mountNamespace}/ns/mnt`];
}

function configuration(directory: string, address: string, options: ContainerdOptions): string {
  const { configVersion: version = 2, cri } = options;
  return [
    `version = ${version}`,
    `root = "${join(directory, 'root')}"`,
    `state = "${join(directory, 'state')}"`,
    `disabled_plugins = ${JSON.stringify(cri === undefined ? CRI[version] : [])}`,
    '[grpc]',
    `  address = "${address}"`,
    cri ?? '',
  ].join('\n');
}
