import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './paths.ts';

export type Criu =
  | { readonly directory: string }
  /** Why there is none. */
  | { readonly missing: string };

/** CRIU for a PATH; downloaded at the first call ever. It is not there when this kernel is none for it. */
export function findCriu(): Criu {
  const prepared = spawnSync('node', [join(repository, 'scripts/lab/criu.mjs')], {
    encoding: 'utf8',
  });
  if (prepared.status !== 0) return { missing: `CRIU cannot be had: ${prepared.stderr.trim()}` };
  const directory = prepared.stdout.trim().split('\n').at(-1) ?? '';
  const checked = spawnSync(join(directory, 'criu'), ['check'], { encoding: 'utf8' });
  if (checked.status !== 0) {
    // It lists whatever the kernel lacks, and what it makes of that at the end.
    const reason = (checked.stdout + checked.stderr).trim().split('\n').at(-1);
    return { missing: `criu check fails here: ${reason}` };
  }
  return { directory };
}
