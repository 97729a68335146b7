import { killQuietly, readProcess, waitForEnd } from '../../support/processes.ts';
import { waitUntil } from '../../support/waiting.ts';
import type { Fault } from '../trial.ts';

/** SIGKILL for the server. */
export const shimKilled: Fault = {
  id: 'shim-killed',
  title: 'kill -9 of the shim',
  killsShim: true,
  // Before a Create, `start` simply starts another one (conformance: start-after-a-crash).
  strikes: (step, point) => step !== 'create' || point !== 'before',
  async inject({ life }) {
    killQuietly(life.pod.pid);
    await waitForEnd(life.pod.pid);
  },
};

/** SIGKILL for the OCI runtime that is under way. */
export const runtimeKilled: Fault = {
  id: 'runtime-killed',
  title: 'kill -9 of runc',
  strikes: (_, point) => point !== 'before' && point !== 'drain',
  async inject({ point, pid }) {
    // A hook's parent is the runtime.
    const runtime = point === 'hook' || point === 'late' ? (readProcess(pid)?.parent ?? 0) : pid;
    killQuietly(runtime);
    await waitForEnd(runtime);
  },
};

/** The daemon's connection breaks while a call is under way; then the daemon connects again. */
export const connectionClosed: Fault = {
  id: 'connection-closed',
  title: 'connection closed in mid-call',
  strikes: (_, point) => point !== 'before',
  async prepare(life) {
    life.caller = await life.pod.connect();
  },
  async inject({ life }) {
    const open = connectionsOf(life.pod.descriptors());
    life.caller.close();
    await waitUntil('the shim has noticed', () => {
      return connectionsOf(life.pod.descriptors()) < open;
    });
  },
  async heal(life) {
    if (life.shimRuns) life.caller = await life.pod.connect();
  },
};

function connectionsOf(descriptors: readonly string[]): number {
  return descriptors.filter((path) => path.startsWith('socket:')).length;
}
