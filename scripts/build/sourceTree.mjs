import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow } from '../setup/fingerprint.mjs';
import { writeLayers } from './layers.mjs';
import { plainNames } from './plainNames.mjs';

/**
 * Writes `src` of the project below `directory`, in the form that the shipped binary is compiled from.
 *
 * @param bun the Bun executable
 * @param directory lies below `root`, so that packages and tsconfig.json are found
 */
export function writeSourceTree(root, bun, directory) {
  for (const path of filesBelow(root, 'src')) {
    if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue;
    const output = join(directory, path);
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, plainNames(readFileSync(join(root, path), 'utf8'), path));
  }
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  writeLayers(bun, directory);
}
