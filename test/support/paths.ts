import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository, also from the compiled copy in build/js. */
export const repository = findRepository(dirname(fileURLToPath(import.meta.url)));

export const distDirectory = join(repository, 'dist');
export const shimBinary = join(distDirectory, 'containerd-shim-podshim-v1');

/** The Bun that the binary is compiled with. */
export const bunBinary = join(
  repository,
  `node_modules/@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}/bin/bun`,
);

function findRepository(directory: string): string {
  if (existsSync(join(directory, 'package-lock.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('the repository was not found above the tests');
  return findRepository(parent);
}
