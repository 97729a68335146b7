import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { chunksOf, entryPoints, modulesOf } from './chunks.mjs';

const MAIN = 'src/main.ts';
const SERVER = 'src/shim/serve.ts';

/** The processes of a pod, from the leanest on: what the server has in common with each is a layer. */
const PROCESSES = [MAIN, 'src/manager/start.ts', 'src/manager/delete.ts', SERVER];

/**
 * Makes Bun put the server's modules into few chunks. By itself it makes a chunk of each set of modules that the same
 * entry points use, 21 for the server alone, and each chunk costs every pod 7 KB of private memory for its tables of
 * imports and exports.
 *
 * Each layer is therefore one module that imports all modules of the layer, and the layer below it; and each entry point
 * imports the highest layer that it has a module in. Now the same entry points use all modules of a layer.
 *
 * @param directory has `src` and the project's package.json; both are changed
 */
export function writeLayers(bun, directory) {
  const chunks = chunksOf(bun, directory);
  const modules = new Map(entryPoints(chunks).map((entry) => [entry, modulesOf(chunks, entry)]));
  const layers = layersOf(modules);
  mkdirSync(join(directory, 'src/layers'));
  for (const [at, layer] of layers.entries()) {
    const below = at > 0 ? [pathOf(at - 1)] : [];
    writeFileSync(join(directory, pathOf(at)), importsOf(pathOf(at), [...below, ...layer]));
  }
  for (const [entry, used] of modules) {
    const highest = layers.findLastIndex((layer) => layer.some((module) => used.has(module)));
    appendFileSync(join(directory, entry), importsOf(entry, [pathOf(Math.max(highest, 0))]));
  }
  // Bun leaves out a module that nobody takes anything from, unless it is told that loading it has an effect.
  const sideEffects = [...layers.keys()].map(pathOf).concat(layers.flat());
  const description = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  description.sideEffects = sideEffects.map((path) => `./${path}`);
  writeFileSync(join(directory, 'package.json'), JSON.stringify(description));
}

/** @param modules those of each entry point, by its name */
export function layersOf(modules) {
  const server = modules.get(SERVER);
  const taken = new Set(PROCESSES);
  return PROCESSES.map((process) => {
    const layer = [...modules.get(process)].filter(
      (module) => !taken.has(module) && (process === MAIN || server.has(module)),
    );
    for (const module of layer) taken.add(module);
    return layer;
  });
}

const pathOf = (layer) => `src/layers/layer${layer}.ts`;

function importsOf(from, modules) {
  return modules
    .map((module) => relative(dirname(from), module))
    .map((path) => `import '${path.startsWith('.') ? path : `./${path}`}';\n`)
    .join('');
}
