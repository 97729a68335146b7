import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { runWell } from '../../test/support/commands.ts';
import type { Contender } from './contender.ts';
import type { OciRuntime } from './ociRuntime.ts';

/** What was measured on what: each a line of the report. */
export interface Machine {
  readonly date: string;
  readonly shims: readonly string[];
  readonly containerd: string;
  readonly runtimes: readonly string[];
  readonly system: string;
  readonly kernel: string;
  readonly processor: string;
  readonly memory: string;
  readonly cgroups: string;
}

export async function describeMachine(
  contenders: readonly Contender[],
  runtimes: readonly OciRuntime[],
): Promise<Machine> {
  const containerd = await runWell('containerd', ['--version']);
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
    shims: contenders.map(({ name, version }) => `${name} ${version}`),
    containerd: `containerd ${/\d+\.\d+\.\d+\S*/.exec(containerd)?.[0] ?? containerd.trim()}`,
    runtimes: runtimes.map(({ name, version }) => `${name} ${version}`),
    system: /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux',
    kernel: `Linux ${release()}`,
    processor: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    cgroups: cgroupMode(),
  };
}

function cgroupMode(): string {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'cgroup v2';
  return existsSync('/sys/fs/cgroup/unified') ? 'cgroup v1 (hybrid)' : 'cgroup v1';
}

/** How busy the machine was on average in the last minute, beside what the benchmark does. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}
