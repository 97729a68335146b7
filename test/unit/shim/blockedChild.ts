/**
 * A process with a watchdog, for watchdog.test.ts: `blockedChild DIRECTORY REST LIMIT`, the watchdog's, in
 * milliseconds. It prints `ready` and, as JSON, what is logged, and does what the lines on its standard input say:
 * `read PATH` blocks for as long as that takes, `spin PATH` runs until that file is gone, `ping` prints `pong`.
 */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { silentLogger } from '../../../src/platform/log.ts';
import { readText } from '../../../src/posix/files.ts';
import { linkStatus } from '../../../src/posix/paths.ts';
import { watchEventLoop } from '../../../src/shim/watchdog.ts';
import { launch } from '../posix/support.ts';

const [, , directory = '', rest = '', answer = ''] = process.argv;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Work without a system call for milliseconds at a time, after one call of the addon. */
function spinWhile(path: string): number {
  let sum = 0;
  linkStatus(path);
  while (existsSync(path)) {
    for (let index = 0; index < 50_000_000; index += 1) sum = (sum * 31 + index) | 0;
  }
  return sum;
}

process.on('SIGUSR1', () => print('signal'));
watchEventLoop({
  ...{ namespace: 'tests', id: 'blocked', version: '0.0.0', directory },
  logger: {
    ...silentLogger,
    error: (fields, message) => print(JSON.stringify({ message, ...fields })),
  },
  limits: { rest: Number(rest), quietRest: 3_600_000, answer: Number(answer) },
});
launch(['/bin/sleep', '100000']);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, path = ''] = line.split(' ');
    if (word === 'read') print(`read ${readText(path).length} bytes`);
    else if (word === 'spin') print(`span to ${spinWhile(path)}`);
    else print('pong');
  })
  .on('close', () => process.exit(0));
print('ready');
