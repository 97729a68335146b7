import type { ShimUnderTest } from '../../conformance/support/shimUnderTest.ts';
import type { SoakOptions } from './options.ts';
import type { Figures } from './support/figures.ts';
import type { Sample } from './support/sampler.ts';

/** One kind of load. */
export interface Phase {
  readonly name: string;
  /** What is counted: `calls`, `execs`. */
  readonly unit: string;
  /** How many there are at scale 1. */
  readonly full: number;
  run(request: PhaseRequest): Promise<PhaseReport>;
}

export interface PhaseRequest {
  readonly shim: ShimUnderTest;
  readonly count: number;
  readonly options: SoakOptions;
}

/** What a phase found. */
export interface PhaseReport {
  /** Of the work alone, without the pauses. */
  readonly seconds: number;
  /** Processor time of the shim for the work, in milliseconds; undefined where there was more than one shim. */
  readonly processorMilliseconds: number | undefined;
  /** Idle, with one container, before any work; undefined where there was more than one shim. */
  readonly idle: Figures | undefined;
  /** After some work of the kind and a pause: what is needed for it is loaded, and the rings are full. */
  readonly before: Figures;
  readonly peak: Figures;
  /** After the work and a pause. */
  readonly after: Figures;
  readonly zombies: number;
  readonly exitsExpected: number;
  readonly exitsTold: number;
  /** What went wrong beside the figures. */
  readonly faults: readonly string[];
  /** What is worth saying. */
  readonly notes: readonly string[];
  readonly samples: readonly Sample[];
  /** What the samples' `at` counts. */
  readonly axis: 'seconds' | 'pods';
}

/** After this long without work a shim has to be as it was before. */
export const PAUSE_MILLISECONDS = 10_000;

/** Private memory may have grown by this factor. */
const MOST_GROWTH = 1.1;

/** What keeps a phase from being passed; nothing when it is. */
export function shortcomings(report: PhaseReport): readonly string[] {
  const { before, after, zombies, exitsExpected, exitsTold } = report;
  const found = [...report.faults];
  if (after.memory > before.memory * MOST_GROWTH) {
    found.push(`private memory grew from ${before.memory} to ${after.memory} KiB`);
  }
  if (after.descriptors > before.descriptors) {
    found.push(`descriptors grew from ${before.descriptors} to ${after.descriptors}`);
  }
  if (zombies > 0) found.push(`${zombies} zombies`);
  if (exitsTold !== exitsExpected) found.push(`${exitsTold} of ${exitsExpected} exits told`);
  return found;
}
