import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { bunBinary, repository } from '../support/paths.ts';

/**
 * What `start`, `delete` and the server load. Every function in it is start-up time and private memory of each pod, also
 * when nobody calls it. Where a module belongs on the list, PODSHIM_UPDATE_FOOTPRINT=1 writes it anew.
 */
const listFile = join(repository, 'test/runc/footprint.txt');
const heading = `# The modules in the entry chunks of the shipped binary, each with all that it imports statically, without
# those of \`main\`, which every process loads. Written by footprint.test.ts with PODSHIM_UPDATE_FOOTPRINT=1.
`;

const entries = new Map([
  ['main', 'src/main.ts'],
  ['start', 'src/manager/start.ts'],
  ['delete', 'src/manager/delete.ts'],
  ['serve', 'src/shim/serve.ts'],
]);

type Chunks = ReadonlyMap<string, unknown>;

interface Build {
  writeSourceTree(root: string, bun: string, directory: string): void;
  chunksOf(bun: string, directory: string): Chunks;
  modulesOf(chunks: Chunks, entryPoint: string): Set<string>;
}

async function buildScripts(): Promise<Build> {
  const names = ['sourceTree.mjs', 'chunks.mjs'];
  const parts = await Promise.all(
    names.map((name) => import(join(repository, 'scripts/build', name))),
  );
  return Object.assign({}, ...parts) as Build;
}

async function sections(): Promise<Map<string, readonly string[]>> {
  const { writeSourceTree, chunksOf, modulesOf } = await buildScripts();
  mkdirSync(join(repository, 'build'), { recursive: true });
  const directory = mkdtempSync(join(repository, 'build/footprint-'));
  try {
    writeSourceTree(repository, bunBinary, directory);
    const chunks = chunksOf(bunBinary, directory);
    return listsOf((entry) => modulesOf(chunks, entry));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function listsOf(modulesOf: (entry: string) => Set<string>): Map<string, readonly string[]> {
  const ofMain = modulesOf('src/main.ts');
  return new Map(
    [...entries].map(([name, entry]) => {
      const modules = [...modulesOf(entry)];
      return [name, modules.filter((module) => name === 'main' || !ofMain.has(module)).sort()];
    }),
  );
}

function listed(text: string): Map<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split('\n')) {
    const name = /^\[(\w+)\]$/.exec(line)?.[1];
    if (name !== undefined) {
      current = [];
      lists.set(name, current);
    } else if (line !== '' && !line.startsWith('#')) current.push(line);
  }
  return lists;
}

describe('the modules that are loaded by', () => {
  let found = new Map<string, readonly string[]>();
  before(async () => {
    found = await sections();
    if (process.env.PODSHIM_UPDATE_FOOTPRINT === '1') {
      const blocks = [...found].map(([name, modules]) => `\n[${name}]\n${modules.join('\n')}\n`);
      writeFileSync(listFile, `${heading}${blocks.join('')}`);
    }
  });

  for (const name of entries.keys()) {
    test(name, () => {
      const expected = listed(readFileSync(listFile, 'utf8')).get(name) ?? [];
      const modules = found.get(name) ?? [];
      const more = modules.filter((module) => !expected.includes(module));
      assert.deepEqual(more, [], 'import these when they are needed, or add them to footprint.txt');
      const less = expected.filter((module) => !modules.includes(module));
      assert.deepEqual(less, [], 'these are loaded no more: take them out of footprint.txt');
    });
  }
});
