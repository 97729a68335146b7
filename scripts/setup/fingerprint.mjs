import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A hash over the names and contents of all files below `paths`, which are relative to `root`. */
export function fingerprint(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((path) => filesBelow(root, path)).sort()) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** True when `outputs` are there and were made from this very fingerprint. */
export function isUpToDate(root, step, print, outputs) {
  const stamp = stampPath(root, step);
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === print &&
    outputs.every((output) => existsSync(join(root, output)))
  );
}

/** Remembers that a step was done to its end. */
export function markDone(root, step, print) {
  const stamp = stampPath(root, step);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(`${stamp}.${process.pid}`, print);
  renameSync(`${stamp}.${process.pid}`, stamp);
}

/** The files below a path, relative to `root`; a path that is not there has none. */
export function filesBelow(root, path) {
  const full = join(root, path);
  if (!existsSync(full)) {
    return [];
  }
  if (!statSync(full).isDirectory()) {
    return [path];
  }
  return readdirSync(full).flatMap((name) => filesBelow(root, `${path}/${name}`));
}

function stampPath(root, step) {
  return join(root, 'build/stamps', step);
}
