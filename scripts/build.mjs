import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bunEnvironment } from './build/bunEnvironment.mjs';
import { onlyForBun } from './build/chunks.mjs';
import { addEntryPoint } from './build/entryPoint.mjs';
import { writeSourceTree } from './build/sourceTree.mjs';
import { announce, run } from './setup/command.mjs';
import { fingerprint, isUpToDate, markDone } from './setup/fingerprint.mjs';

const BINARY = 'dist/containerd-shim-podshim-v1';
const NODE_BUNDLE = 'dist/podshim.mjs';
const ADDON = 'dist/podshim.node';
const GENERATED = ['src/proto/generated/task_v2.ts', 'src/proto/generated/protobufWriter.ts'];

/** Makes the protobuf code, if proto/ changed since. */
export function generate(root) {
  const scripts = [
    'scripts/generate-proto.sh',
    'scripts/proto-target.cjs',
    'scripts/protobuf-runtime.mjs',
  ];
  const inputs = ['proto', ...scripts, 'package-lock.json'];
  step(root, 'proto', inputs, GENERATED, 'generating protobuf code', () =>
    run('sh', ['scripts/generate-proto.sh', '--force'], { cwd: root }),
  );
}

/** Makes all of dist/, each part only if what it is made of changed since. */
export function build(root) {
  generate(root);
  const addonInputs = ['native', 'scripts/build-addon.sh', 'package-lock.json'];
  step(root, 'addon', addonInputs, [ADDON], 'compiling the C addon', () =>
    run('sh', ['scripts/build-addon.sh'], { cwd: root }),
  );
  const inputs = [
    'src',
    ADDON,
    'native/entry',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'scripts/build',
    'scripts/build.mjs',
  ];
  step(root, 'binary', inputs, [BINARY], 'compiling the shim with Bun', () => compileBinary(root));
  step(root, 'node', inputs, [NODE_BUNDLE], 'bundling the shim for Node', () =>
    bundleForNode(root),
  );
}

/** The Bun executable that the lock file pins. */
export function bunPath(root) {
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x64';
  return join(root, `node_modules/@oven/bun-linux-${architecture}/bin/bun`);
}

function compileBinary(root) {
  inTemporaryDirectory(root, (temporary) => {
    const output = join(temporary, 'shim');
    writeSourceTree(root, bunPath(root), temporary);
    runBun(root, temporary, [
      '--compile',
      '--minify',
      // Stack traces name our own files and lines; measured, it costs neither start-up time nor memory.
      '--sourcemap=inline',
      '--bytecode',
      '--format=esm',
      '--splitting',
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      `--asset=${join(root, ADDON)}`,
      `--outfile=${output}`,
      ...onlyForBun,
      ...revisionDefinition(root),
      join(temporary, 'src/main.ts'),
    ]);
    addEntryPoint(root, output);
    chmodSync(output, 0o755);
    renameSync(output, join(root, BINARY));
  });
}

function bundleForNode(root) {
  inTemporaryDirectory(root, (temporary) => {
    runBun(root, temporary, [
      '--target=node',
      '--format=esm',
      '--sourcemap=inline',
      '--outfile=podshim.mjs',
      ...revisionDefinition(root),
      join(root, 'src/main.ts'),
    ]);
    renameSync(join(temporary, 'podshim.mjs'), join(root, NODE_BUNDLE));
  });
}

/** The commit for `-v`, where the source is a git checkout. */
function revisionDefinition(root) {
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (git.status !== 0) return [];
  return ['--define', `PODSHIM_REVISION=${JSON.stringify(git.stdout.trim())}`];
}

function runBun(root, directory, args) {
  run(bunPath(root), ['build', ...args], { cwd: directory, env: bunEnvironment() });
}

function step(root, name, inputs, outputs, title, work) {
  const print = fingerprint(root, inputs);
  if (isUpToDate(root, name, print, outputs)) {
    return;
  }
  announce(title);
  mkdirSync(join(root, 'dist'), { recursive: true });
  work();
  markDone(root, name, print);
}

/** dist/ only ever sees finished files: work is done beside it, on the same file system, and renamed. */
function inTemporaryDirectory(root, work) {
  const temporary = join(root, 'build', `tmp-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    work(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
