import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportSetup, setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** biome's executable. Its npm wrapper is left out: its lock file entries name platforms that we do not have. */
export function biomePath() {
  return join(root, `node_modules/@biomejs/cli-linux-${process.arch}/biome`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  reportSetup(() => setup('packages'));
  const args = process.argv.slice(2);
  const result = spawnSync(biomePath(), [...args, '.'], { cwd: root, stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
}
