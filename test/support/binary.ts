import { join } from 'node:path';
import { distDirectory, shimBinary } from './paths.ts';

/**
 * The command that the tests run as the shim: the shipped binary or, with PODSHIM_RUNTIME=node, the
 * same program as a bundle for Node.
 */
export function shimCommand(): readonly string[] {
  return process.env.PODSHIM_RUNTIME === 'node'
    ? ['node', join(distDirectory, 'podshim.mjs')]
    : [shimBinary];
}
