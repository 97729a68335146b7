import { within } from '../../../conformance/support/within.ts';

/** A shim that does not answer for this long will not. */
const LIMIT_MILLISECONDS = 180_000;

/**
 * Does a piece of work for each index below `count`, several at a time. The first that fails ends it all, once those
 * under way are done.
 */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const run = async (worker: number): Promise<void> => {
    while (next < count && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        await within(LIMIT_MILLISECONDS, `piece ${index}`, work(index, worker));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => run(worker)));
  if (failures.length > 0) throw failures[0];
}
