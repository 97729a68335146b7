import { join } from 'node:path';
import { repository } from '../support/paths.ts';
import { readOptions } from './options.ts';
import { Peers } from './peers.ts';
import { matrixRows } from './rows.ts';
import { runRows } from './runRows.ts';

/**
 * Tries the shim with the peers in the lab, one cell after the other, and prints a table.
 * @returns the exit status: 1 when a cell is red, or none was run
 */
export function main(lab: string, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const directory = join(repository, 'build/matrix');
  const peers = new Peers(lab, join(directory, 'shim'), options.goShim);
  return runRows(matrixRows(peers), options, directory);
}
