import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DeleteResponse } from '../../../src/proto/messages.ts';
import { shimCommand } from '../../support/binary.ts';
import { runCommand } from '../../support/commands.ts';
import { bunBinary } from '../../support/paths.ts';
import { ShimPod } from '../../support/shimPod.ts';
import { runShim } from '../../support/shimRun.ts';
import { skipFor } from '../../support/skipping.ts';

let directory: string;
let script: string;
let mark: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'podshim-planted-'));
  mark = join(directory, 'mark');
  script = join(directory, 'planted.cjs');
  writeFileSync(script, scriptText());
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** Says who ran it. */
function scriptText(): string {
  return `require('node:fs').appendFileSync(${JSON.stringify(mark)}, process.argv.join(' ') + '\\n');`;
}

function assertNotRun(): void {
  const text = existsSync(mark) ? readFileSync(mark, 'utf8') : '';
  rmSync(mark, { force: true });
  assert.equal(text, '', 'planted code has run in these processes');
}

/** A life with everything in it that loads code late: an exec, a terminal, a logging binary, TOML, a dump, the commands. */
async function live(pod: ShimPod): Promise<void> {
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  assert.equal(await pod.outputOfExec(id, ['echo', 'hi']), 'hi\n');
  await assert.rejects(pod.client.create({ id: 'x', bundle: '/nowhere', options: pod.options() }));
  process.kill(pod.pid, 'SIGUSR1');
  await pod.remove(id);
}

async function remove(pod: ShimPod, environment: Readonly<Record<string, string>>): Promise<void> {
  const words = [...pod.sandbox.flags('pod'), '-bundle', pod.firstBundle, 'delete'];
  const result = await runShim({ directory: pod.firstBundle, words, environment });
  assert.equal(result.status, 0, result.stderr);
  DeleteResponse.decode(result.stdout);
}

/** Whatever a JavaScript runtime could take for settings or code of its own. */
function plantInto(bundle: string): void {
  const files: Readonly<Record<string, string>> = {
    'bunfig.toml': `preload = ["${script}"]\n[run]\nsilent = true\n[test]\npreload = ["${script}"]\n`,
    '.bunfig.toml': `preload = ["${script}"]\n`,
    '.env': `PODSHIM_ADDON=/planted\nTTRPC_ADDRESS=/planted\nBUN_OPTIONS=--preload=${script}\nPATH=/planted\n`,
    '.env.local': 'PODSHIM_ADDON=/planted\n',
    '.env.production': 'PODSHIM_ADDON=/planted\n',
    'package.json': `{"type":"commonjs","main":"${script}","imports":{"#x":"${script}"},"exports":"./index.js"}`,
    'tsconfig.json': `{"compilerOptions":{"paths":{"*":["${script}"]}}}`,
    'podshim.node': 'no addon at all',
    'index.js': scriptText(),
    'preload.js': scriptText(),
    'node_modules/pino/browser.js': scriptText(),
    'node_modules/pino/package.json': '{"main":"browser.js"}',
    'node_modules/smol-toml/index.js': scriptText(),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(bundle, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
}

describe('code and settings in the bundle, which is the working directory, have no effect', () => {
  test('(Bun itself falls into the trap)', async () => {
    const plants = mkdtempSync(join(directory, 'files-'));
    plantInto(plants);
    const empty = join(directory, 'empty.js');
    writeFileSync(empty, '');
    await runCommand(bunBinary, [empty], { directory: plants });
    assert.match(readFileSync(mark, 'utf8'), /empty\.js/);
    rmSync(mark);
  });

  test('on start, on the server and on delete', async () => {
    // The first bundle is made by the pod itself: so the command plants into its working directory before it is the shim.
    const plants = mkdtempSync(join(directory, 'files-'));
    plantInto(plants);
    const command = ['sh', '-c', `cp -r ${plants}/. . && "$0" "$@"; exit $?`, ...shimCommand()];
    const pod = await ShimPod.start({ command, words: ['-debug'], bootstrap: true });
    try {
      assert.ok(existsSync(join(pod.firstBundle, 'bunfig.toml')));
      await live(pod);
      assert.doesNotMatch(readFileSync(`/proc/${pod.pid}/environ`, 'utf8'), /planted/);
      assert.doesNotMatch(
        readFileSync(`/proc/${pod.pid}/maps`, 'utf8'),
        new RegExp(pod.firstBundle),
      );
      await pod.events.waitFor('an event', () => pod.events.seen.length > 0);
      await remove(pod, {});
    } finally {
      await pod.close();
    }
    assertNotRun();
  });
});

describe('what the daemon’s environment says to JavaScript runtimes', () => {
  // The binary's own first instructions, which exist for this architecture (native/entry), see to it.
  const hasEntry = shimCommand().length === 1 && process.arch === 'x64';
  const compiled = hasEntry ? undefined : 'variables of Bun, and of Node to Bun';
  const cases: readonly [string, () => string][] = [
    ['BUN_OPTIONS', () => `--preload=${script}`],
    ['BUN_BE_BUN', () => '1'],
    ['BUN_INSPECT', () => '127.0.0.1:9'],
    ['BUN_INSPECT_PRELOAD', () => script],
    ['NODE_OPTIONS', () => `--require=${script}`],
    ['NODE_PATH', () => directory],
    ['NODE_CHANNEL_FD', () => '3'],
  ];
  for (const [name, value] of cases) {
    test(`${name} has no effect on start, server and delete`, skipFor(compiled), async () => {
      const environment = { [name]: value() };
      const pod = await ShimPod.start({ environment });
      try {
        await live(pod);
        await remove(pod, environment);
      } finally {
        await pod.close();
      }
      assertNotRun();
    });
  }

  test('BUN_OPTIONS has no effect on the commands for people', skipFor(compiled), async () => {
    const [binary = ''] = shimCommand();
    const environment = { ...process.env, BUN_OPTIONS: `--preload=${script}`, BUN_BE_BUN: '1' };
    const { stdout, status } = await runCommand(binary, ['-v'], { environment });
    assert.equal(status, 0);
    assert.match(stdout, /Version:/);
    assertNotRun();
  });
});
