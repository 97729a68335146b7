import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz } from '../fuzz/fuzz.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { helperTargets } from '../fuzz/targets/helpers.ts';
import { serverTarget } from '../fuzz/targets/server.ts';

/** Fixed, so that a failure is one everywhere; `npm run fuzz` goes on from where this ends. */
const SEED = 1;
const HELPER_RUNS = 8;
const SERVER_RUNS = 60;

async function expectNothing(target: FuzzTarget, runs: number): Promise<void> {
  const { failure } = await fuzz(target, { seed: SEED, runs, until: Number.POSITIVE_INFINITY });
  if (failure === undefined) return;
  const shrunk = JSON.stringify(Buffer.from(failure.shrunk).toString('latin1'));
  assert.fail(`${failure.reason}\n${shrunk}, seed ${failure.seed}`);
}

describe('spoiled input', () => {
  for (const target of helperTargets) {
    test(`of ${target.what}`, () => expectNothing(target, HELPER_RUNS));
  }

  test(`on ${serverTarget.what}`, () => expectNothing(serverTarget, SERVER_RUNS));
});
