import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bunPath } from '../../scripts/build.mjs';
import { prepareLab } from '../../scripts/lab/lab.mjs';
import { SetupError } from '../../scripts/setup/command.mjs';
import { filesBelow } from '../../scripts/setup/fingerprint.mjs';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';
import { interrupt, runFile } from '../runner/runFile.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const SHIM = 'containerd-shim-podshim-v1';

/** The versions of containerd, and what tells the tests of each (see support/peer.ts). */
const PEERS = {
  1.6: { suite: 'bookworm', environment: {} },
  1.7: { suite: 'trixie', environment: {} },
  2.1: { suite: 'sid', environment: { PODSHIM_CRI_CONFIG: '3' } },
};

/** Reads the command line: words narrow the files, `--peer 1.7` the versions, `--runtime` tests another shim. */
function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        peer: { type: 'string', multiple: true, default: Object.keys(PEERS) },
        runtime: { type: 'string' },
      },
    });
    const stranger = values.peer.find((peer) => PEERS[peer] === undefined);
    if (stranger !== undefined) {
      throw new Error(`--peer is one of ${Object.keys(PEERS).join(', ')}, not ${stranger}`);
    }
    return { peers: values.peer, runtime: values.runtime, words: positionals };
  } catch (error) {
    throw new SetupError(error.message);
  }
}

/** A copy, so that a build meanwhile does not change what is tested. */
function copyShim() {
  const directory = join(root, 'build/cri');
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(root, 'dist', SHIM), join(directory, 'new'));
  renameSync(join(directory, 'new'), join(directory, SHIM));
  return directory;
}

let options;
let lab;
reportSetup(() => {
  options = readOptions();
  setup('containers', 'npm run cri');
  emitJavaScript(root);
  lab = prepareLab(root);
});
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    interrupt(signal);
  });
}

const shim = copyShim();
const files = filesBelow(root, 'test/cri')
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => options.words.length === 0 || options.words.some((word) => file.includes(word)))
  .sort();
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const peer of options.peers) {
  const { suite, environment } = PEERS[peer];
  for (const file of files.filter(() => !interrupted)) {
    const started = performance.now();
    const { tests, output } = await runFile({
      runtime: 'node',
      bun: bunPath(root),
      root,
      file,
      environment: {
        ...environment,
        PODSHIM_CRI_LAB: join(lab, suite),
        PODSHIM_CRI_SHIM: shim,
        ...(options.runtime === undefined ? {} : { PODSHIM_TEST_RUNTIME: options.runtime }),
      },
    });
    for (const { outcome } of tests) totals[outcome] += 1;
    report(`containerd ${peer} ${file}`, tests, output, started);
  }
}
const { passed, failed, skipped } = totals;
if (interrupted) console.log('interrupted: what was not run is not counted');
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = interrupted || failed > 0 || passed === 0 ? 1 : 0;

function report(title, tests, output, started) {
  const counts = ['passed', 'failed', 'skipped']
    .map((outcome) => [tests.filter((test) => test.outcome === outcome).length, outcome])
    .filter(([number]) => number > 0)
    .map(([number, outcome]) => `${number} ${outcome}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${title.padEnd(46)} ${counts.join(', ')} (${seconds} s)`);
  const failures = tests.filter((test) => test.outcome === 'failed');
  for (const { name, error } of failures) {
    console.log(`  FAILED ${name}\n${String(error ?? '').replace(/^/gm, '    ')}`);
  }
  if (failures.length > 0 && output.trim() !== '') {
    console.log(
      `  output:\n${output.trim().split('\n').slice(-40).join('\n').replace(/^/gm, '    ')}`,
    );
  }
}
