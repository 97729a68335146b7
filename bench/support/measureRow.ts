import { reasonOf } from '../../src/platform/reason.ts';
import { stopOnInterruption } from '../../test/support/interruption.ts';
import type { Row } from '../row.ts';
import { RowContext, type Setting } from './rowContext.ts';
import type { Samples } from './samples.ts';

/** How a row went. */
export interface RowResult {
  readonly row: Row;
  readonly seconds: number;
  readonly notes: readonly string[];
  /** Why it could not be measured. */
  readonly failure: string | undefined;
}

/**
 * Measures one row and cleans up after it, also when the program is interrupted: then it never resolves, and the program
 * ends with the clean-up. Never rejects.
 */
export async function measureRow(row: Row, setting: Setting, samples: Samples): Promise<RowResult> {
  const context = new RowContext(setting, samples);
  let interrupted = false;
  const forget = stopOnInterruption(() => {
    interrupted = true;
    return context.close();
  });
  const begin = performance.now();
  const failures: string[] = [];
  for (const work of [() => row.measure(context), () => context.close()]) {
    try {
      await work();
    } catch (error) {
      failures.push(reasonOf(error));
    }
    if (interrupted) return new Promise(() => {});
  }
  forget();
  return {
    row,
    seconds: (performance.now() - begin) / 1000,
    notes: context.notes,
    failure: failures.length === 0 ? undefined : failures.join('; '),
  };
}
