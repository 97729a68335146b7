import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shimCommand } from './binary.ts';
import { isRunning, killQuietly, waitForEnd } from './processes.ts';

/** What one invocation of the shim left. */
export interface ShimResult {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ShimInvocation {
  readonly directory: string;
  readonly words: readonly string[];
  readonly stdin?: Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another command than shimCommand(). */
  readonly command?: readonly string[];
}

/** Runs the shim as the daemon does: until every holder of its stdout and stderr is gone. */
export function runShim(invocation: ShimInvocation): Promise<ShimResult> {
  const [file = '', ...first] = invocation.command ?? shimCommand();
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...invocation.words], {
      cwd: invocation.directory,
      env: { ...process.env, ...invocation.environment },
      stdio: 'pipe',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(invocation.stdin ?? new Uint8Array(0));
  });
}

/** A daemon's state directory with bundles in it, and whatever was started in them. */
export class ShimSandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'podshim-'));
  /** The daemon's address; its uniqueness is the sockets'. */
  readonly address = join(this.directory, 'containerd.sock');
  readonly namespace = 'podshim-test';
  readonly #sockets = new Set<string>();

  /** Makes a bundle. `config` is the text of its config.json; undefined: there is none. */
  bundle(id: string, config: string | undefined = '{"annotations":{}}'): string {
    const path = join(this.directory, id);
    mkdirSync(path, { mode: 0o700 });
    if (config !== undefined) {
      writeFileSync(join(path, 'config.json'), config);
    }
    return path;
  }

  flags(id: string): string[] {
    return ['-namespace', this.namespace, '-address', this.address, '-id', id];
  }

  /** The path of an address, which is removed in the end. */
  own(address: string): string {
    const path = address.replace(/^unix:\/\//, '');
    this.#sockets.add(path);
    return path;
  }

  /**
   * The servers of these bundles, or of one of them. Peer credentials cannot name them: the kernel tells who called
   * listen(2), and that was the helper.
   */
  servers(bundle?: string): number[] {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .filter((pid) => this.#worksHere(pid, bundle) && isRunning(Number(pid)))
      .map(Number);
  }

  async close(): Promise<void> {
    for (const pid of this.servers()) {
      killQuietly(pid);
      await waitForEnd(pid);
    }
    for (const path of this.#sockets) {
      rmSync(path, { force: true });
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #worksHere(pid: string, bundle: string | undefined): boolean {
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      return bundle === undefined
        ? directory.startsWith(`${this.directory}/`)
        : directory === bundle;
    } catch {
      return false;
    }
  }
}
