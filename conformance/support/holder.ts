import { spawn } from 'node:child_process';

/** Somebody who has a FIFO open for reading until it is closed. */
export interface Holder {
  close(): void;
}

/** Opens a FIFO and throws away what comes, or reads nothing at all. */
export function holdOpen(path: string, { discard }: { discard: boolean }): Holder {
  const program = discard ? 'exec cat > /dev/null' : 'exec sleep 100000';
  const child = spawn('sh', ['-c', `${program} < "$0"`, path], { stdio: 'ignore' });
  return { close: () => child.kill('SIGKILL') };
}
