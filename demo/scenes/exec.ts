import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

/** Runs a further process in a running container. */
export async function exec({ containerd, web }: Pod): Promise<void> {
  step('Exec', 'A second process in a running container; its exit status comes back.');
  const script = 'echo "pid $$ in $(hostname)"; exit 3';
  command(`ctr tasks exec --exec-id e1 ${web} sh -c '${script}'`);
  const args = ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 'e1', web];
  const result = await containerd.ctr(...args, '/bin/sh', '-c', script);
  if (result.status !== 3) throw new Error(`exec ended with ${result.status}: ${result.stderr}`);
  output(result.stdout + result.stderr);
  finding(`exit status ${result.status}`);
}
