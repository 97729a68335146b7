import { existsSync } from 'node:fs';
import { isRunning, waitForEnd } from '../../test/support/processes.ts';
import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

/** Deletes the pod and shows that nothing of it is left. */
export async function cleanUp({ containerd, group, web, sidecar, shim }: Pod): Promise<void> {
  step('Clean-up', 'Both containers are deleted; the shim ends with the last one.');
  command(`ctr tasks kill -s SIGKILL ${web}; ctr tasks rm ${web}`);
  await containerd.remove(web);
  output(`shim ${shim}: ${isRunning(shim) ? 'runs, it still has a container' : 'gone'}`);
  command(`ctr tasks kill -s SIGKILL ${sidecar}; ctr tasks rm ${sidecar}`);
  await containerd.remove(sidecar);
  await waitForEnd(shim, 5_000);
  output(`shim ${shim}: gone`);
  const left = await containerd.leftovers();
  if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
  const rows: [string, boolean][] = [
    ['shim processes', containerd.shims().length === 0],
    ['socket', !existsSync(containerd.shimSocket(group))],
    ['bundles', ![web, sidecar].some((id) => existsSync(containerd.bundle(id)))],
    ['mounts, cgroups, runtime state', true],
  ];
  output(rows.map(([what, gone]) => `${what.padEnd(34)} ${gone ? 'none' : 'LEFT'}`).join('\n'));
  finding('nothing is left of the pod');
}
