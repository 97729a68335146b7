import type { ShimClient } from '../../support/shimClient.ts';
import { type ServerWork, serverPhase } from '../serverPhase.ts';
import { inParallel } from '../support/workers.ts';

const CONNECTIONS = 4;
const IN_FLIGHT = 16;
/** A connection serves this many calls; then it is closed and another one opened, as clients come and go. */
const CALLS_PER_CONNECTION = 5000;
const STATUS_RUNNING = 2;

/** Calls that start no process: mostly State, as containerd asks it, and some of each other kind. */
export const callsPhase = serverPhase({
  name: 'calls',
  unit: 'calls',
  full: 1_000_000,
  async work(work) {
    const batches = Math.ceil(work.count / CALLS_PER_CONNECTION);
    await inParallel(batches, CONNECTIONS, async (batch) => {
      const first = batch * CALLS_PER_CONNECTION;
      const client = await work.pod.connect();
      try {
        const calls = Math.min(CALLS_PER_CONNECTION, work.count - first);
        await inParallel(calls, IN_FLIGHT, (index) => call(client, work, first + index));
      } finally {
        client.close();
      }
    });
  },
});

async function call(client: ShimClient, { id, fault }: ServerWork, index: number): Promise<void> {
  if (index % 100 === 0) {
    const { stats } = await client.stats(id);
    if (stats === undefined || stats === null) fault('Stats without stats');
  } else if (index % 10 === 3) {
    if ((await client.connectTask(id)).taskPid === 0) fault('Connect does not know the container');
  } else if (index % 10 === 7) {
    const refusal = await client.state(`nobody-${index}`).catch((error: unknown) => error);
    if (!(refusal instanceof Error)) fault('State of a container that does not exist');
  } else if ((await client.state(id)).status !== STATUS_RUNNING) {
    fault('State says that the container does not run');
  }
}
