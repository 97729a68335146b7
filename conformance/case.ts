import type { CaseContext } from './support/context.ts';

/** One thing that a shim has to do, tried on a shim of its own. */
export interface ConformanceCase {
  readonly name: string;
  /** One sentence: what a good shim does. */
  readonly sentence: string;
  /** The threads whose trouble it stands for, and the sections of the contract that ask for it. */
  readonly threads: readonly string[];
  /** When that much has gone by the case has failed; 30 by default. */
  readonly seconds?: number;
  /** The same for a run at full size; as many by default. */
  readonly fullSeconds?: number;
  /** It is quick and quiet enough to be run with every test run. */
  readonly fast?: boolean;
  /** It takes so long that only a full run has it. */
  readonly full?: boolean;
  run(context: CaseContext): Promise<void>;
}

/** A number of cases about one subject. */
export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}

/** Thrown by a case that cannot be tried with this shim or on this machine. */
export class SkippedError extends Error {}

export function skip(reason: string): never {
  throw new SkippedError(reason);
}
