import { reasonOf } from '../../src/platform/reason.ts';
import { Random } from './support/random.ts';
import { shrink } from './support/shrink.ts';
import type { FuzzSession, FuzzTarget } from './target.ts';

export interface Budget {
  readonly seed: number;
  /** At most so many inputs; 0: no limit. */
  readonly runs: number;
  /** On performance.now()'s clock; nothing is begun after it. */
  readonly until: number;
}

/** What was found, and how to see it again. */
export interface FuzzFailure {
  readonly seed: number;
  readonly reason: string;
  readonly input: Uint8Array;
  readonly shrunk: Uint8Array;
}

export interface FuzzResult {
  readonly target: string;
  readonly runs: number;
  readonly seconds: number;
  readonly failure: FuzzFailure | undefined;
}

/**
 * Feeds a target until the budget is used up or something is found. Each input has a seed of its own, the one of the
 * run plus its number, so that it can be had again alone.
 */
export async function fuzz(target: FuzzTarget, budget: Budget): Promise<FuzzResult> {
  const began = performance.now();
  const { batch = 1 } = target;
  let runs = 0;
  let failure: FuzzFailure | undefined;
  const session = await target.open();
  try {
    while (failure === undefined && !isUsedUp(budget, runs)) {
      const seeds: number[] = [];
      while (seeds.length < batch && !isUsedUp(budget, runs)) {
        seeds.push(budget.seed + runs);
        runs += 1;
      }
      failure = await tryBatch(target, session, seeds);
    }
  } finally {
    await session.close();
  }
  return { target: target.name, runs, seconds: (performance.now() - began) / 1000, failure };
}

function isUsedUp({ runs, until }: Budget, done: number): boolean {
  return (runs > 0 && done >= runs) || (done > 0 && performance.now() >= until);
}

async function tryBatch(
  target: FuzzTarget,
  session: FuzzSession,
  seeds: readonly number[],
): Promise<FuzzFailure | undefined> {
  let last = seeds[0] ?? 0;
  try {
    for (const seed of seeds) {
      last = seed;
      await session.try(inputOf(target, seed));
    }
    await session.settle();
    return undefined;
  } catch (error) {
    const alone = await findAlone(target, [last, ...seeds]);
    if (alone !== undefined) return alone;
    // It takes more than one of them. The first one's seed with this many runs brings it back.
    const input = inputOf(target, last);
    const reason = `${describe(error)}\n(not with one input alone: --seed ${seeds[0]} --runs ${seeds.length})`;
    return { seed: seeds[0] ?? 0, reason, input, shrunk: input };
  }
}

/** Which input it was, each tried in a session of its own, and how short it can be. */
async function findAlone(
  target: FuzzTarget,
  seeds: readonly number[],
): Promise<FuzzFailure | undefined> {
  for (const seed of seeds) {
    const input = inputOf(target, seed);
    const reason = await reasonAlone(target, input);
    if (reason === undefined) continue;
    const fails = async (candidate: Uint8Array): Promise<boolean> =>
      (await reasonAlone(target, candidate)) !== undefined;
    const shrunk = await shrink(input, fails, target.shrinkAttempts);
    return { seed, reason, input, shrunk };
  }
  return undefined;
}

async function reasonAlone(target: FuzzTarget, input: Uint8Array): Promise<string | undefined> {
  const session = await target.open();
  try {
    await session.try(input);
    await session.settle();
    return undefined;
  } catch (error) {
    return describe(error);
  } finally {
    await session.close();
  }
}

function inputOf(target: FuzzTarget, seed: number): Uint8Array {
  return target.generate(new Random(seed));
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : reasonOf(error);
}
