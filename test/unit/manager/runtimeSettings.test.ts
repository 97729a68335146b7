import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runtimeSettings } from '../../../src/manager/serverEnvironment.ts';

/** The tests run from the root, also as compiled to another folder. */
const root = process.cwd();

function lockedBun(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { optionalDependencies } = manifest as { optionalDependencies: Record<string, string> };
  return optionalDependencies['@oven/bun-linux-x64'] ?? '';
}

describe("the runtime's settings", () => {
  const settings = runtimeSettings('bun', lockedBun());

  test('are given to the Bun that the lock file pins', () => {
    assert.ok(settings.length > 0, `src/manager/serverEnvironment.ts does not know ${lockedBun()}`);
  });

  test('have names that this Bun knows: an unknown one would make it exit', () => {
    const bun = join(root, 'node_modules/@oven/bun-linux-x64/bin/bun');
    const binary = existsSync(bun) ? bun : bun.replace('x64', 'aarch64');
    const pairs = settings.map((setting) => setting.split('=') as [string, string]);
    const run = (more: Record<string, string>) =>
      spawnSync(binary, ['-e', 'console.log(1)'], {
        env: { ...Object.fromEntries(pairs), ...more },
        encoding: 'utf8',
      });
    assert.deepEqual(run({}).stdout, '1\n');
    assert.notEqual(run({ BUN_JSC_noSuchName: '1' }).status, 0);
  });
});
