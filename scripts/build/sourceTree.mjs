import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow } from '../setup/fingerprint.mjs';
import { plainNames } from './plainNames.mjs';

/** Writes `src` of the project below `directory`, in the form that the shipped binary is compiled from. */
export function writeSourceTree(root, directory) {
  for (const path of filesBelow(root, 'src')) {
    if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue;
    const output = join(directory, path);
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, plainNames(readFileSync(join(root, path), 'utf8'), path));
  }
}
