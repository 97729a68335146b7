import type * as NodeFs from 'node:fs';

/** Where copies may lie, in order. /run is gone after a boot, but some systems mount it noexec. */
const BASES = ['/run/podshim', '/var/lib/podshim'];
const NAME = 'podshim.node';
const VIRTUAL_ROOT = '/$bunfs/';
const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_ANYTHING = 0o077;

const fs = (): typeof NodeFs => process.getBuiltinModule('node:fs');

/**
 * Unpacks the addon that is embedded in the compiled binary, for a binary that was copied without the file beside it.
 * Yields paths to try one after the other: a file system may refuse to map code (noexec) or to be written at all.
 * Yields nothing where nothing is embedded. Throws when no directory can hold a copy.
 *
 * A copy is named by its content, written once and verified byte by byte each time, below directories that only we
 * can write to: nobody else can plant or change one.
 */
export function* embeddedAddonCopies(bases: readonly string[] = BASES): Generator<string> {
  const content = embeddedAddon();
  if (content === undefined) return;
  const hash = new Bun.CryptoHasher('sha256').update(content).digest('hex');
  const refusals: unknown[] = [];
  for (const base of bases) {
    try {
      yield provideCopy(base, hash, content);
    } catch (error) {
      refusals.push(error);
    }
  }
  if (refusals.length === bases.length) {
    throw new Error(`the embedded addon cannot be unpacked: ${refusals.join('; ')}`);
  }
}

function embeddedAddon(): Uint8Array | undefined {
  if (!('Bun' in globalThis) || !Bun.main.startsWith(VIRTUAL_ROOT)) return undefined;
  const directory = Bun.main.slice(0, Bun.main.lastIndexOf('/'));
  return fs().readFileSync(`${directory}/${NAME}`);
}

function provideCopy(base: string, hash: string, content: Uint8Array): string {
  const directory = `${base}/${hash}`;
  ensureOwnDirectory(base, 0o700, OTHERS_MAY_WRITE);
  ensureOwnDirectory(directory, 0o700, OTHERS_MAY_ANYTHING);
  const path = `${directory}/${NAME}`;
  if (!holds(path, content)) writeAtomically(path, content);
  return path;
}

/** Makes a directory, or checks one that is there: no symbolic link, ours, and closed to others as `forbidden` says. */
function ensureOwnDirectory(path: string, mode: number, forbidden: number): void {
  try {
    fs().mkdirSync(path, { mode });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const status = fs().lstatSync(path);
  const ours = status.isDirectory() && status.uid === process.geteuid?.();
  if (!ours || (status.mode & forbidden) !== 0) {
    throw new Error(`${path} is not a directory that only its owner, this user, can write to`);
  }
}

/** Whether a file has this content, and nobody else can change it: by owner, by mode, or by another name. */
function holds(path: string, content: Uint8Array): boolean {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs().constants;
  let descriptor: number;
  try {
    descriptor = fs().openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return false;
    throw error;
  }
  try {
    const status = fs().fstatSync(descriptor);
    if (!status.isFile() || status.size !== content.length) return false;
    const ours = status.uid === process.geteuid?.() && status.nlink === 1;
    if (!ours || (status.mode & OTHERS_MAY_WRITE) !== 0) return false;
    const found = fs().readFileSync(descriptor);
    return found.length === content.length && found.every((byte, at) => byte === content[at]);
  } finally {
    fs().closeSync(descriptor);
  }
}

/** Two processes may do this at once: each renames a whole file of its own over the name, with equal content. */
function writeAtomically(path: string, content: Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  fs().rmSync(temporary, { force: true });
  const descriptor = fs().openSync(temporary, 'wx', 0o500);
  try {
    fs().writeFileSync(descriptor, content);
    fs().fsyncSync(descriptor);
  } finally {
    fs().closeSync(descriptor);
  }
  fs().renameSync(temporary, path);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
