import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Holder } from './holder.ts';

/** Makes a bundle's `log`, as the daemon does before it runs `start`, and throws away what comes. */
export function makeLog(bundle: string): Holder {
  const path = join(bundle, 'log');
  if (!existsSync(path)) execFileSync('mkfifo', ['-m', '0700', path]);
  const child = spawn('sh', ['-c', 'exec cat <> "$0" > /dev/null', path], { stdio: 'ignore' });
  return { close: () => child.kill('SIGKILL') };
}
