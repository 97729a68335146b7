import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readlinkSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { shimBinary } from '../support/paths.ts';

/** A Debian release that the lab has programs of. */
export type Suite = 'bookworm' | 'trixie' | 'sid';

/** The programs of the lab, and the shim under test. */
export class Peers {
  readonly goShim: boolean;
  readonly #lab: string;
  readonly #shims: string;

  /** Copies the shim, so that a build meanwhile does not change what is tested. */
  constructor(lab: string, shims: string, goShim: boolean) {
    this.#lab = lab;
    this.#shims = shims;
    this.goShim = goShim;
    mkdirSync(shims, { recursive: true });
    copyFileSync(shimBinary, join(shims, 'new'));
    renameSync(join(shims, 'new'), join(shims, 'containerd-shim-podshim-v1'));
  }

  get runtime(): string {
    return this.goShim ? 'io.containerd.runc.v2' : 'io.containerd.podshim.v1';
  }

  /** The name of the shim's binary, which follows from the runtime's. */
  get shimName(): string {
    return this.goShim ? 'containerd-shim-runc-v2' : 'containerd-shim-podshim-v1';
  }

  /** The directory of a suite's programs. */
  programs(suite: Suite): string {
    return join(this.#lab, suite, 'bin');
  }

  /** The directory in which a suite's OCI runtime is called `runc`. */
  ociRuntime(suite: Suite, name: 'runc' | 'crun'): string {
    return join(this.#lab, suite, name);
  }

  /** The directory of the shim that a daemon of a suite is to find. */
  shimDirectory(suite: Suite): string {
    return this.goShim ? this.programs(suite) : this.#shims;
  }

  /** Fails unless the process runs the shim that is to be tested, whatever the name it was found by. */
  checkShim(pid: number): void {
    const program = basename(readlinkSync(`/proc/${pid}/exe`));
    if (program !== this.shimName) throw new Error(`the shim is ${program}, not ${this.shimName}`);
  }

  /** The version that a program tells, such as `1.6.20`. */
  version(suite: Suite, program: string): string {
    const path = join(this.programs(suite), program);
    if (!existsSync(path)) return '(missing)';
    const text = execFileSync(path, ['--version'], { encoding: 'utf8' });
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? '?';
  }
}
