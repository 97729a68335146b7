import { killQuietly } from '../support/processes.ts';
import { type DaemonLife, kill } from './daemonLife.ts';

/** What happens to a real containerd, or to what it has started. */
export interface DaemonFault {
  readonly id: string;
  readonly title: string;
  /** Whether the pod's shim dies of it. */
  readonly hitsShim: boolean;
  /** @param runtime the pid of the runtime that waits at the gate; 0 when none has been called */
  inject(life: DaemonLife, runtime: number): Promise<void>;
  /** The runtime has gone on meanwhile. */
  heal(life: DaemonLife): Promise<void>;
}

const nothing = async (): Promise<void> => {};

export const containerdKilled: DaemonFault = {
  id: 'containerd-killed',
  title: 'kill -9 of containerd',
  hitsShim: false,
  inject: (life) => life.containerd.killDaemon(),
  heal: (life) => life.restart(),
};

/** It goes on after the shim has done its part, and told it. */
export const containerdStopped: DaemonFault = {
  id: 'containerd-stopped',
  title: 'SIGSTOP of containerd',
  hitsShim: false,
  inject: async ({ containerd }) => killQuietly(containerd.pid, 'SIGSTOP'),
  heal: async (life) => {
    await life.runtimesEnd();
    killQuietly(life.containerd.pid, 'SIGCONT');
  },
};

export const shimOfContainerdKilled: DaemonFault = {
  id: 'containerd-shim-killed',
  title: 'kill -9 of the shim, with containerd',
  hitsShim: true,
  inject: (life) => kill(life.shim),
  heal: nothing,
};

export const runtimeOfContainerdKilled: DaemonFault = {
  id: 'containerd-runc-killed',
  title: 'kill -9 of runc, with containerd',
  hitsShim: false,
  inject: async (_, runtime) => {
    if (runtime !== 0) await kill(runtime);
  },
  heal: nothing,
};
