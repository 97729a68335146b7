import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../../support/paths.ts';

const { layersOf }: { layersOf(modules: Map<string, Set<string>>): string[][] } = await import(
  join(repository, 'scripts/build/layers.mjs')
);

const MAIN = 'src/main.ts';
const START = 'src/manager/start.ts';
const DELETE = 'src/manager/delete.ts';
const SERVER = 'src/shim/serve.ts';

describe('layers of modules', () => {
  const layers = layersOf(
    new Map([
      [MAIN, new Set([MAIN, 'flags'])],
      [START, new Set([START, 'flags', 'sockets', 'grouping'])],
      [DELETE, new Set([DELETE, 'flags', 'sockets', 'grouping', 'mounts'])],
      [SERVER, new Set([SERVER, 'flags', 'sockets', 'mounts', 'tasks', 'messages'])],
      ['src/lazy.ts', new Set(['src/lazy.ts', 'messages', 'other'])],
    ]),
  );

  test('hold what the server has in common with the leaner processes, one by one', () => {
    assert.deepEqual(layers, [['flags'], ['sockets'], ['mounts'], ['tasks', 'messages']]);
  });

  test('hold no entry point and nothing that the server does not load', () => {
    const all = layers.flat();
    for (const other of [MAIN, START, DELETE, SERVER, 'grouping', 'other']) {
      assert.ok(!all.includes(other), other);
    }
  });
});
