import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz } from '../fuzz/fuzz.ts';
import { textTarget } from '../fuzz/parserTarget.ts';
import { judgeLine } from '../fuzz/target.ts';
import { fileTargets } from '../fuzz/targets/files.ts';
import { protocolTargets } from '../fuzz/targets/protocol.ts';

/** Fixed, so that a failure is one everywhere; `npm run fuzz` goes on from where these end. */
const SEEDS = [1, 1_000_001];
const RUNS = 100;

describe('parsers fed with spoiled input', () => {
  for (const target of [...protocolTargets, ...fileTargets]) {
    test(`${target.name}: ${target.what}`, async () => {
      for (const seed of SEEDS) {
        const budget = { seed, runs: RUNS, until: Number.POSITIVE_INFINITY };
        const { failure } = await fuzz(target, budget);
        if (failure === undefined) continue;
        const shrunk = JSON.stringify(Buffer.from(failure.shrunk).toString('latin1'));
        assert.fail(`${failure.reason}\n${shrunk}, seed ${failure.seed}`);
      }
    });
  }
});

describe('the fuzzer itself', () => {
  test('finds a mistake, makes the input short, and has it again by its seed', async () => {
    const target = textTarget({
      ...{ name: 'planted', what: '', samples: ['a long sample with many words in it'] },
      words: ['!'],
      parse(text) {
        if (text.includes('!')) (undefined as unknown as () => void)();
      },
    });
    const budget = { seed: 5, runs: 1000, until: Number.POSITIVE_INFINITY };
    const { failure } = await fuzz(target, budget);
    assert.equal(Buffer.from(failure?.shrunk ?? []).toString(), '!');

    const again = await fuzz(target, { ...budget, seed: failure?.seed ?? 0, runs: 1 });
    assert.deepEqual(again.failure?.input, failure?.input);
  });

  test('takes an error of several lines for a finding', async () => {
    const target = textTarget({
      ...{ name: 'planted', what: '', samples: ['x'] },
      parse() {
        judgeLine('one\ntwo');
      },
    });
    const budget = { seed: 1, runs: 1, until: Number.POSITIVE_INFINITY };
    assert.match((await fuzz(target, budget)).failure?.reason ?? '', /several lines/);
  });
});
