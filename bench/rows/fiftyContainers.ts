import { type Figure, type Row, ratio } from '../row.ts';
import type { RowContext } from '../support/rowContext.ts';

const CONTAINERS = 50;

const wall: Figure = {
  id: 'fifty-containers',
  title: '50 containers started at once',
  unit: 'ms',
  better: 'lower',
  bars: [ratio(0.95)],
};

/** A node that has just got its work. */
export const fiftyContainers: Row = {
  name: 'fifty-containers',
  sentence:
    '50 containers, each with a shim of its own, are created and started at once through the API of containerd (no ctr in it), until the ' +
    'last runs.',
  figures: [wall],
  measure,
};

async function measure(context: RowContext): Promise<void> {
  const daemon = await context.daemon();
  const { client } = daemon;
  const sets: { contender: (typeof context.contenders)[number]; ids: string[] }[] = [];
  for (const contender of context.contenders) {
    const ids: string[] = [];
    for (let count = 0; count < CONTAINERS; count += 1) {
      ids.push(await daemon.createContainer(contender));
    }
    sets.push({ contender, ids });
  }
  await context.alternate(context.rounds(7, 3), sets, async ({ contender, ids }) => {
    const begin = performance.now();
    await Promise.all(
      ids.map(async (id) => {
        await client.createTask(id);
        await client.startTask(id);
      }),
    );
    context.add(wall.id, contender, performance.now() - begin);
    await Promise.all(ids.map((id) => daemon.removeTask(id)));
    await daemon.shimsEnd();
  });
}
