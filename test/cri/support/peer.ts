import { join } from 'node:path';
import type { ContainerdOptions } from '../../support/containerdProcess.ts';

/**
 * The containerd to be tested with: the system's own or, where PODSHIM_CRI_LAB names the directory of a Debian release
 * in the lab, that release's with its runc. PODSHIM_CRI_SHIM is a directory with a copy of the shim.
 */
export function peerUnderTest(): ContainerdOptions & { configVersion: 2 | 3 } {
  const { PODSHIM_CRI_LAB: lab, PODSHIM_CRI_SHIM: shim } = process.env;
  const shims = shim === undefined ? [] : [shim];
  if (lab === undefined) return { configVersion: 2, searchPath: shims };
  const programs = join(lab, 'bin');
  return {
    executable: join(programs, 'containerd'),
    ctr: join(programs, 'ctr'),
    configVersion: process.env.PODSHIM_CRI_CONFIG === '3' ? 3 : 2,
    searchPath: [...shims, join(lab, 'runc'), programs],
  };
}
