import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { RunningCommand } from './commands.ts';

/** The FIFOs of one process, as a daemon makes them. */
export interface Fifos {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

export function makeFifos(directory: string, name: string): Fifos {
  const paths = {
    stdin: join(directory, `${name}-stdin`),
    stdout: join(directory, `${name}-stdout`),
    stderr: join(directory, `${name}-stderr`),
  };
  execFileSync('mkfifo', ['-m', '0700', ...Object.values(paths)]);
  return paths;
}

/** Reads a FIFO to its end; the command ends when every writer has closed it. */
export function readFifo(path: string): RunningCommand {
  return new RunningCommand('cat', [path], { limitMilliseconds: 170_000 });
}

/** Writes to a FIFO what is written to the command, and closes it with its input. */
export function writeFifo(path: string): RunningCommand {
  return new RunningCommand('sh', ['-c', 'exec cat > "$0"', path], { interactive: true });
}
