import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
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

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

function bundle(directory: string): Map<string, Output> {
  const metafile = join(directory, 'meta.json');
  execFileSync(
    bunBinary,
    [
      ...['build', '--minify', '--format=esm', '--splitting', '--target=bun'],
      ...[`--outdir=${directory}`, `--metafile=${metafile}`, 'src/main.ts'],
    ],
    { cwd: repository, stdio: 'pipe' },
  );
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as {
    outputs: Record<string, Output>;
  };
  return new Map(Object.entries(outputs));
}

/** The modules of a chunk and of those that it imports; not of those that are imported when they are needed. */
function modulesOf(outputs: Map<string, Output>, entry: string): Set<string> {
  const modules = new Set<string>();
  const chunks = [...outputs].flatMap(([name, output]) =>
    output.entryPoint === entry ? [name] : [],
  );
  assert.equal(chunks.length, 1, `${entry} has a chunk of its own`);
  const seen = new Set(chunks);
  for (const chunk of seen) {
    const output = outputs.get(chunk);
    for (const [module, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
      if (bytesInOutput > 0) modules.add(module);
    }
    for (const { path, kind } of output?.imports ?? []) {
      if (kind === 'import-statement') seen.add(path);
    }
  }
  return modules;
}

function sections(outputs: Map<string, Output>): Map<string, readonly string[]> {
  const ofMain = modulesOf(outputs, 'src/main.ts');
  return new Map(
    [...entries].map(([name, entry]) => {
      const modules = [...modulesOf(outputs, entry)];
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
  const directory = mkdtempSync(join(tmpdir(), 'podshim-footprint-'));
  let found = new Map<string, readonly string[]>();
  before(() => {
    found = sections(bundle(directory));
    if (process.env.PODSHIM_UPDATE_FOOTPRINT === '1') {
      const blocks = [...found].map(([name, modules]) => `\n[${name}]\n${modules.join('\n')}\n`);
      writeFileSync(listFile, `${heading}${blocks.join('')}`);
    }
  });
  after(() => rmSync(directory, { recursive: true }));

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
