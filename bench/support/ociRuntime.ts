import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from '../../test/support/commands.ts';

/** An OCI runtime of the machine. */
export interface OciRuntime {
  readonly name: 'runc' | 'crun';
  readonly path: string;
  /** A directory in which it is called runc, to be put on a daemon's PATH. */
  readonly directory: string;
  readonly version: string;
}

export async function prepareRuntime(
  name: OciRuntime['name'],
  directory: string,
): Promise<OciRuntime> {
  const path = (await runWell('which', [name])).trim();
  const own = join(directory, name);
  mkdirSync(own, { recursive: true });
  copyFileSync(path, join(own, 'runc'));
  const text = await runWell(path, ['--version']);
  const version = /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? '?';
  return { name, path, directory: own, version };
}
