import { type ConformanceCase, SkippedError } from './case.ts';
import type { Size } from './size.ts';
import { CaseContext } from './support/context.ts';
import type { ShimUnderTest } from './support/shimUnderTest.ts';
import { within } from './support/within.ts';

const DEFAULT_SECONDS = 30;
const CLEAN_UP_SECONDS = 60;

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface CaseResult {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed or was skipped. */
  readonly reason: string | undefined;
  readonly milliseconds: number;
}

/** Tries one case and cleans up after it, whatever the shim does. Never rejects. */
export async function runCase(
  { name, seconds = DEFAULT_SECONDS, fullSeconds = seconds, run }: ConformanceCase,
  shim: ShimUnderTest,
  size: Size,
): Promise<CaseResult> {
  const context = new CaseContext(shim, size);
  const started = performance.now();
  let outcome: Outcome = 'passed';
  let reason: string | undefined;
  try {
    const limit = size === 'full' ? fullSeconds : seconds;
    await within(limit * 1000, 'the whole case', run(context));
  } catch (error) {
    outcome = error instanceof SkippedError ? 'skipped' : 'failed';
    reason = error instanceof Error ? error.message : String(error);
  }
  const milliseconds = Math.round(performance.now() - started);
  try {
    await within(CLEAN_UP_SECONDS * 1000, 'clean-up', context.close());
  } catch (error) {
    if (outcome === 'passed') outcome = 'failed';
    reason = [reason, `left behind: ${error instanceof Error ? error.message : error}`]
      .filter((part) => part !== undefined)
      .join('; ');
  }
  return { name, outcome, reason, milliseconds };
}
