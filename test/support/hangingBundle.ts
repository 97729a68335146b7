import { execFileSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ShimPod } from './shimPod.ts';
import { waitUntil } from './waiting.ts';

const openat = process.arch === 'x64' ? '257' : '56';

/** A bundle whose config.json nobody writes: whoever opens it waits. */
export interface HangingBundle {
  readonly bundle: string;
  /** Resolves when the pod's server waits, and does nothing else. */
  hangs(): Promise<unknown>;
  /** Writes the config.json. */
  release(): void;
}

export function hangingBundle(pod: ShimPod, id: string): HangingBundle {
  const bundle = pod.bundle(id, { args: ['true'] });
  const config = join(bundle, 'config.json');
  const text = readFileSync(config, 'utf8');
  rmSync(config);
  execFileSync('mkfifo', [config]);
  return {
    bundle,
    hangs: () =>
      waitUntil('the server hangs', () =>
        readFileSync(`/proc/${pod.pid}/syscall`, 'utf8').startsWith(`${openat} `),
      ),
    release() {
      // Open for both, it is open at once; whoever reads it next finds a file.
      const fifo = openSync(config, 'r+');
      writeFileSync(`${config}.new`, text);
      renameSync(`${config}.new`, config);
      writeSync(fifo, text);
      closeSync(fifo);
    },
  };
}
