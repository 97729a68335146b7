import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DUMP_DIRECTORY } from '../../test/support/dumps.ts';
import { waitUntil } from '../../test/support/waiting.ts';
import { command, finding, output, step } from '../narrator.ts';
import type { Pod } from './pod.ts';

const LINES_SHOWN = 30;

/** Asks the shim what it is doing. */
export async function dump({ shim }: Pod): Promise<void> {
  step('A look inside', 'SIGUSR1 makes the shim write down what it holds and what it is doing.');
  command(`kill -USR1 ${shim}`);
  process.kill(shim, 'SIGUSR1');
  const path = await waitUntil('the dump is written', () => dumpOf(shim), 5_000);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  command(`head -${LINES_SHOWN} ${path}`);
  output(lines.slice(0, LINES_SHOWN).join('\n'));
  finding(`${lines.length} lines, in the log and in a file that is there without containerd too`);
}

function dumpOf(shim: number): string | undefined {
  if (!existsSync(DUMP_DIRECTORY)) return undefined;
  const name = readdirSync(DUMP_DIRECTORY).find((entry) => entry.endsWith(`-${shim}.txt`));
  return name === undefined ? undefined : join(DUMP_DIRECTORY, name);
}
