import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeFile, makeMemoryFile, readToEnd, rewind } from '../../../src/posix/files.ts';
import { reapExited, type SpawnRequest, spawn } from '../../../src/posix/processes.ts';

const waiting = new Map<number, (status: number) => void>();
/** Collected together with another process, before anybody asked. */
const early = new Map<number, number>();
let keepAlive: ReturnType<typeof setInterval> | undefined;

function collect(): void {
  for (const { pid, status } of reapExited()) {
    const resolve = waiting.get(pid);
    if (resolve === undefined) early.set(pid, status);
    waiting.delete(pid);
    resolve?.(status);
  }
  if (waiting.size > 0) return;
  process.off('SIGCHLD', collect);
  clearInterval(keepAlive);
}

/** Resolves with the exit status of a child, or of an orphan that will be ours. */
export function exitOf(pid: number): Promise<number> {
  const status = early.get(pid);
  if (status !== undefined) {
    early.delete(pid);
    return Promise.resolve(status);
  }
  if (waiting.size === 0) {
    process.on('SIGCHLD', collect);
    keepAlive = setInterval(() => undefined, 60_000);
  }
  const exited = new Promise<number>((resolve) => waiting.set(pid, resolve));
  collect();
  return exited;
}

const defaults: Omit<SpawnRequest, 'path' | 'argv'> = {
  environment: ['PATH=/usr/local/bin:/usr/bin:/bin', 'LC_ALL=C'],
  directory: undefined,
  descriptors: [-1, -1, 2],
  killWithParent: true,
  newProcessGroup: false,
  openFiles: undefined,
};

/** Starts a program, by default without standard input and output. */
export function launch(argv: readonly string[], options: Partial<SpawnRequest> = {}): number {
  return spawn({ ...defaults, path: argv[0] ?? '', argv, ...options });
}

/** Runs a shell script to its end. */
export async function shell(
  script: string,
  options: Partial<SpawnRequest> = {},
): Promise<{ status: number; output: string }> {
  const output = makeMemoryFile('output');
  try {
    const [stdin = -1, , ...others] = options.descriptors ?? defaults.descriptors;
    const status = await exitOf(
      launch(['/bin/sh', '-c', script], { ...options, descriptors: [stdin, output, ...others] }),
    );
    rewind(output);
    return { status, output: new TextDecoder().decode(readToEnd(output)) };
  } finally {
    closeFile(output);
  }
}

/** A directory of its own for one test. */
export class Workspace {
  readonly path: string = mkdtempSync(join(tmpdir(), 'posix-'));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
