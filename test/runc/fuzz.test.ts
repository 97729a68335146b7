import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz } from '../fuzz/fuzz.ts';
import { FuzzedPod } from '../fuzz/support/fuzzedPod.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { helperTargets } from '../fuzz/targets/helpers.ts';
import { serverTarget } from '../fuzz/targets/server.ts';
import { killQuietly, waitForEnd } from '../support/processes.ts';

/** Fixed, so that a failure is one everywhere; `npm run fuzz` goes on from where this ends. */
const SEED = 1;
/** A start of Node takes many times as long as one of the shipped binary. */
const HELPER_RUNS = process.env.PODSHIM_RUNTIME === 'node' ? 2 : 8;
const SERVER_RUNS = 40;

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

describe('the look at the server', () => {
  test('finds that it is gone', async () => {
    const fuzzed = await FuzzedPod.open();
    try {
      await fuzzed.check();
      killQuietly(fuzzed.pod.pid);
      await waitForEnd(fuzzed.pod.pid);
      await assert.rejects(fuzzed.check(), /the server is gone/);
    } finally {
      await fuzzed.close();
    }
  });
});
