import assert from 'node:assert/strict';
import { RunningCommand, runWell } from '../../test/support/commands.ts';
import type { ConformanceCase } from '../case.ts';

const SECONDS = 240;
const LIMIT = { limitMilliseconds: SECONDS * 1000 };

interface Amount {
  readonly lines: number;
  readonly times: number;
  readonly terminal: boolean;
}

const GIBIBYTE = { lines: 2_000_000, times: 70 };

/** Numbered lines, again and again: what is lost, doubled or out of its order changes the digest. */
function script({ lines, times, terminal }: Amount): string {
  const raw = terminal ? 'stty -opost; ' : '';
  return `${raw}seq ${lines} > /tmp/lines; i=0; while [ $i -lt ${times} ]; do cat /tmp/lines; i=$((i+1)); done; rm /tmp/lines`;
}

function bigCase(name: string, size: string, amount: Amount): ConformanceCase {
  return {
    name,
    sentence: `${size} through a ${amount.terminal ? 'terminal' : 'pipe'} arrive whole and in order.`,
    threads: ['conmon#236', 'podman#13779', 'contract 7.3'],
    seconds: SECONDS,
    async run(context) {
      const pod = await context.pod();
      const id = pod.newId();
      const { stdout } = pod.fifos(id);
      const out = new RunningCommand('sha256sum', [stdout], LIMIT);
      context.atEnd(() => out.kill('SIGKILL'));
      const { terminal } = amount;
      await pod.run({ args: ['sh', '-c', script(amount)], terminal, request: { stdout } }, id);
      const [digest] = (await out.finished).stdout.split(' ');
      assert.equal((await pod.client.wait(id)).exitStatus, 0);
      await pod.client.delete(id);
      const here = `${pod.sandbox.directory}/lines`;
      const same = script({ ...amount, terminal: false }).replaceAll('/tmp/lines', here);
      const expected = await runWell('sh', ['-c', `{ ${same}; } | sha256sum`], LIMIT);
      assert.equal(digest, expected.split(' ')[0], 'SHA-256');
    },
  };
}

export const bigOutputCases: readonly ConformanceCase[] = [
  {
    ...bigCase('output-whole-pipe', '40 MB', { lines: 500_000, times: 12, terminal: false }),
    fast: true,
  },
  bigCase('output-whole-terminal', '40 MB', { lines: 500_000, times: 12, terminal: true }),
  bigCase('output-whole-gibibyte', '1 GiB', { ...GIBIBYTE, terminal: false }),
  {
    ...bigCase('output-whole-gibibyte-terminal', '1 GiB', { ...GIBIBYTE, terminal: true }),
    full: true,
  },
];
