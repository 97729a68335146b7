import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bunEnvironment } from './bunEnvironment.mjs';

/** What leaves out of a build what only Node needs (src/platform/runtime.ts). */
export const onlyForBun = ['--define', 'PODSHIM_FOR_BUN=true'];

/**
 * The chunks that Bun makes of `src/main.ts` below `directory`, by name: `entryPoint`, `imports` and `inputs`, as in the
 * metafile of `bun build`. Modules are named relative to `directory`.
 */
export function chunksOf(bun, directory) {
  const output = mkdtempSync(join(directory, 'chunks-'));
  try {
    const metafile = join(output, 'metafile.json');
    const { status, stderr } = spawnSync(
      bun,
      [
        ...['build', '--minify', '--format=esm', '--splitting', '--target=bun', ...onlyForBun],
        ...[`--outdir=${output}`, `--metafile=${metafile}`, 'src/main.ts'],
      ],
      { cwd: directory, env: bunEnvironment(), encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`bun build: ${stderr}`);
    return new Map(Object.entries(JSON.parse(readFileSync(metafile, 'utf8')).outputs));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Our own entry points: the first module and those that are imported when they are needed. Packages are not ours. */
export function entryPoints(chunks) {
  return [...chunks.values()]
    .flatMap(({ entryPoint }) => entryPoint ?? [])
    .filter((path) => path.startsWith('src/'));
}

/** The modules in an entry point's chunk and in those that it imports statically. */
export function modulesOf(chunks, entryPoint) {
  const [first] = [...chunks].find(([, chunk]) => chunk.entryPoint === entryPoint) ?? [];
  if (first === undefined) throw new Error(`${entryPoint} has no chunk of its own`);
  const seen = new Set([first]);
  const modules = new Set();
  for (const name of seen) {
    const { inputs, imports } = chunks.get(name);
    for (const [module, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput > 0) modules.add(module);
    }
    for (const { path, kind } of imports) {
      if (kind === 'import-statement' && chunks.has(path)) seen.add(path);
    }
  }
  return modules;
}
