import type { Containerd } from '../../test/support/containerd.ts';
import { processTree } from '../../test/support/processes.ts';
import { command, finding, output, step } from '../narrator.ts';

/** The two containers of the demonstration and the shim that they share. */
export interface Pod {
  readonly containerd: Containerd;
  readonly group: string;
  readonly web: string;
  readonly sidecar: string;
  readonly shim: number;
}

/** Starts two containers with one group annotation and shows the processes. */
export async function startPod(containerd: Containerd): Promise<Pod> {
  const group = containerd.newId('pod');
  const [web, sidecar] = [containerd.newId('web'), containerd.newId('sidecar')];
  step(
    'A pod: two containers, one shim',
    'Both carry the same group annotation, as the containers of a Kubernetes pod do.',
  );
  const annotation = ['--annotation', `io.containerd.runc.v2.group=${group}`];
  const script = 'while :; do sleep 1; done';
  for (const id of [web, sidecar]) {
    command(`ctr run -d --runtime ... --annotation ...group=${group} ${id} sh -c ...`);
    await containerd.runDetached(id, ['/bin/sh', '-c', script], ...annotation);
  }
  command('ctr tasks ls');
  output(await containerd.ctrWell('tasks', 'ls'));
  const [shim = 0] = containerd.shims();
  showTree(shim);
  const count = containerd.shims().length;
  finding(`${count} shim process for two containers; its parent is no longer containerd.`);
  return { containerd, group, web, sidecar, shim };
}

/** Prints the processes below the shim, without the arguments that are the same everywhere. */
export function showTree(shim: number): void {
  command(`pstree ${shim}`);
  const lines = processTree(shim).map(({ depth, process }) => {
    const [executable = process.name, ...rest] = process.argv;
    const name = executable.slice(executable.lastIndexOf('/') + 1);
    const words = depth === 0 ? name : `${name} ${rest.join(' ')}`;
    return `${'  '.repeat(depth)}${String(process.pid).padEnd(7)} ${words}`;
  });
  output(lines.join('\n'));
}
