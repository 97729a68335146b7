import { isRunning } from '../../test/support/processes.ts';
import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

/** Kills containerd under the running pod and starts it again. */
export async function daemonCrash({ containerd, web, sidecar, shim }: Pod): Promise<void> {
  step('containerd is killed', 'SIGKILL for the daemon, while the pod runs.');
  const tasks = await Promise.all([web, sidecar].map((id) => containerd.task(id)));
  const pids = tasks.map((task) => task?.pid ?? 0);
  command(`kill -KILL ${containerd.pid}`);
  await containerd.killDaemon();
  const alive = [shim, ...pids].filter(isRunning);
  finding(`containerd is gone; shim and containers run on: ${alive.join(', ')}`);
  if (alive.length !== 3) throw new Error('not everything survived the daemon');

  command('containerd -c config.toml &');
  await containerd.launch();
  command('ctr tasks ls');
  output(await containerd.ctrWell('tasks', 'ls'));
  command(`ctr tasks exec --exec-id e2 ${web} echo still here`);
  const args = ['tasks', 'exec', ...containerd.fifoFlags(), '--exec-id', 'e2', web];
  output(await containerd.ctrWell(...args, '/bin/echo', 'still here'));
  finding(`containerd ${containerd.pid} found the same shim again, with the same pids`);
}
