import type { Fault } from '../trial.ts';

/** At the shutdown: the daemon has gone, so that nobody takes the last events. The server ends all the same. */
export const daemonGone: Fault = {
  id: 'daemon-gone',
  title: 'containerd gone at the shutdown',
  losesEvents: true,
  strikes: (_, point) => point === 'drain',
  inject: async ({ life }) => {
    life.pod.client.close();
    await life.pod.events.stop();
  },
};

/** At the shutdown: the daemon takes connections and events, and answers nothing. */
export const daemonStopped: Fault = {
  id: 'daemon-stopped',
  title: 'containerd stopped at the shutdown',
  losesEvents: true,
  strikes: (_, point) => point === 'drain',
  inject: ({ life }) => {
    life.pod.events.receive = () => 'stall';
  },
};
