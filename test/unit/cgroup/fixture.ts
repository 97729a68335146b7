import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files by path relative to the directory. */
export type Files = Readonly<Record<string, string>>;

/** A temporary directory with these files, removed after `use`. */
export function withDirectory<T>(files: Files, use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-cgroup-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** `memory_stat` becomes `memoryStat`, as in the generated messages. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Values that no double holds, a different one for each name. */
export function distinctValues(names: readonly string[]): ReadonlyMap<string, bigint> {
  return new Map(names.map((name, index) => [name, 0xffff_ffff_ffff_ff00n + BigInt(index)]));
}

/** The content of a `key value` file. */
export function keyValueFile(values: Iterable<readonly [string, bigint]>): string {
  return [...values].map(([key, value]) => `${key} ${value}\n`).join('');
}
