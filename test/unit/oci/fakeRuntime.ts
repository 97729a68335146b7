import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundle } from '../../../src/oci/bundle.ts';
import { OciRuntime, type RuntimeSettings } from '../../../src/oci/runtime.ts';
import type { Reaper } from '../../../src/reaper/reaper.ts';

/** Writes down how it was called; then does what the test says. */
const script = `#!/bin/sh
record=\${0%/*}/record
for word in "$@"; do printf '%s\\n' "$word"; done > "$record/argv"
tr '\\0' '\\n' < /proc/self/environ > "$record/environment"
pwd -P > "$record/directory"
ulimit -n > "$record/open-files"
[ ! -f "$record/act" ] || . "$record/act"
`;

/** A runtime that is a real process: a shell script in a directory of its own, with a bundle beside it. */
export class FakeRuntime {
  readonly directory = mkdtempSync(join(tmpdir(), 'podshim-oci-'));
  readonly binary = join(this.directory, 'runtime');
  readonly bundle = new Bundle(join(this.directory, 'bundle'));
  readonly #record = join(this.directory, 'record');
  readonly #reaper: Reaper;

  constructor(reaper: Reaper) {
    this.#reaper = reaper;
    mkdirSync(this.bundle.path);
    mkdirSync(this.#record);
    writeFileSync(this.binary, script);
    chmodSync(this.binary, 0o755);
  }

  /** What the script does after it wrote down its arguments: shell code, with `$record` and `$@`. */
  acts(code: string): void {
    writeFileSync(join(this.#record, 'act'), code);
  }

  runtime(settings: Partial<RuntimeSettings> = {}): OciRuntime {
    return new OciRuntime({
      reaper: this.#reaper,
      binary: this.binary,
      root: '',
      namespace: 'testing',
      bundle: this.bundle,
      systemdCgroup: false,
      criuPath: '',
      environment: [`PATH=${process.env.PATH ?? ''}`, `TMPDIR=${this.directory}`],
      openFiles: undefined,
      ...settings,
    });
  }

  recorded(name: 'argv' | 'environment' | 'directory' | 'open-files' | 'input'): string[] {
    return readFileSync(join(this.#record, name), 'utf8').trimEnd().split('\n');
  }

  /** The recorded arguments after those that every command starts with. */
  command(): string[] {
    const words = this.recorded('argv');
    const prefix = ['--root', '/run/containerd/runc/testing', '--log', this.bundle.log];
    const expected = [...prefix, '--log-format', 'json'];
    if (expected.some((word, index) => words[index] !== word)) {
      throw new Error(`unexpected prefix: ${words.join(' ')}`);
    }
    return words.slice(expected.length);
  }

  writeLog(text: string): void {
    writeFileSync(this.bundle.log, text);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
