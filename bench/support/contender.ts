import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { probeShim, type ShimUnderTest } from '../../conformance/support/shimUnderTest.ts';
import { runWell } from '../../test/support/commands.ts';
import { shimBinary } from '../../test/support/paths.ts';

/** A shim that is measured. */
export interface Contender {
  /** Short, and not the other one's. */
  readonly name: string;
  readonly shim: ShimUnderTest;
  /** What it says of its version, in one line. */
  readonly version: string;
}

/**
 * The two shims, podshim first. Both are copied: a build meanwhile does not change what is measured, pages of a file
 * that was just written do not count as private, and the text that other shims of the machine share is not shared.
 * @param against a path, or a name to be looked for on the PATH
 */
export async function prepareContenders(
  directory: string,
  against: string,
): Promise<readonly [Contender, Contender]> {
  const other = await findShim(against);
  const name = basename(other) === 'podshim' ? 'the other podshim' : basename(other);
  return [
    await prepare('podshim', shimBinary, join(directory, 'podshim')),
    await prepare(name, other, join(directory, 'other')),
  ];
}

async function findShim(against: string): Promise<string> {
  const candidates = against.includes('/')
    ? [against]
    : (process.env.PATH ?? '').split(':').map((part) => join(part, against));
  const found = candidates.find((path) => existsSync(path) && statSync(path).isFile());
  if (found === undefined) throw new Error(`there is no shim ${against}`);
  return found;
}

async function prepare(name: string, path: string, directory: string): Promise<Contender> {
  mkdirSync(directory, { recursive: true });
  const copy = join(directory, basename(path));
  copyFileSync(path, copy);
  const addon = join(dirname(path), 'podshim.node');
  if (existsSync(addon)) copyFileSync(addon, join(directory, basename(addon)));
  await runWell('sync', ['-f', copy]);
  const shim = await probeShim(copy);
  const answer = await runWell(copy, ['-v'], { directory });
  return { name, shim, version: versionIn(answer) };
}

/** Version and revision, as both kinds of shim print them. */
function versionIn(answer: string): string {
  const version = /Version:\s*(\S+)/.exec(answer)?.[1] ?? '?';
  const revision = /Revision:\s*(\S+)/.exec(answer)?.[1];
  return revision === undefined ? version : `${version} (${revision})`;
}
