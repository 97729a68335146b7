import { type Figure, type Row, ratio } from '../row.ts';
import type { DaemonClient } from '../support/daemonClient.ts';
import type { RowContext } from '../support/rowContext.ts';
import { median } from '../support/statistics.ts';

const seen: Figure = {
  id: 'kill',
  title: 'kill to TaskExit seen by containerd',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(0.7)],
};

/** The end of a container that is told to end. */
export const kill: Row = {
  name: 'kill',
  sentence:
    "A client of containerd's API asks it to kill a container that sleeps (SIGKILL) and is subscribed to its events: from the request to " +
    'the arrival of TaskExit. Each round has a new task and a new shim.',
  figures: [seen],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const { client, ...daemon } = await prepare(context);
  await context.alternate(context.rounds(40, 12), daemon.containers, async ({ contender, id }) => {
    await client.createTask(id);
    await client.startTask(id);
    const exit = client.exitOf(id);
    const begin = performance.now();
    await client.killTask(id);
    context.add(seen.id, contender, (await exit) - begin);
    await client.deleteTask(id);
  });
  const price = await timeOfNothing(client);
  context.note(`A call to containerd that does nothing takes ${price.toFixed(1)} ms on this way.`);
}

/** @returns the median of some calls, in milliseconds */
async function timeOfNothing(client: DaemonClient): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 21; count += 1) {
    const begin = performance.now();
    await client.ping();
    times.push(performance.now() - begin);
  }
  return median(times);
}

async function prepare(context: RowContext) {
  const daemon = await context.daemon();
  const containers = await Promise.all(
    context.contenders.map(async (contender) => ({
      contender,
      id: await daemon.createContainer(contender),
    })),
  );
  return { client: daemon.client, containers };
}
