import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { announce, run } from '../../scripts/setup/command.mjs';
import { filesBelow, fingerprint, isUpToDate, markDone } from '../../scripts/setup/fingerprint.mjs';

const OUTPUT = 'build/bench/load';
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-static'];

/**
 * Compiles the load generator and returns its path. It is static, so that containers can run it.
 */
export function buildLoad(root) {
  const output = join(root, OUTPUT);
  const print = fingerprint(root, ['bench/load']);
  if (isUpToDate(root, 'load', print, [OUTPUT])) return output;
  announce('compiling the load generator');
  mkdirSync(dirname(output), { recursive: true });
  const sources = filesBelow(root, 'bench/load').filter((file) => file.endsWith('.c'));
  run('cc', [...FLAGS, '-o', `${output}.new`, ...sources], { cwd: root });
  renameSync(`${output}.new`, output);
  markDone(root, 'load', print);
  return output;
}
