import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFile } from '../../test/runner/runFile.mjs';
import { run, SetupError } from '../setup/command.mjs';
import { filesBelow, fingerprint, isUpToDate, markDone } from '../setup/fingerprint.mjs';
import { reportSetup } from '../setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const ADDON = 'build/sanitize/podshim.node';

/** The tests that call all of the addon, but for what moves gigabytes. They have been compiled by test/run.mjs. */
const FOLDER = 'test/unit/posix';
const FILES = [
  'test/unit/shim/watchdog.test.ts',
  'test/unit/stdio/pipedStdio.test.ts',
  'test/unit/stdio/terminalStdio.test.ts',
  'test/unit/stdio/loggingBinary.test.ts',
  'test/unit/stdio/drain.test.ts',
  'test/unit/stdio/fifo.test.ts',
];
const AT_ONCE = 2;

/** Node is not built with the sanitizer, so its library has to be there before the program begins. */
function sanitizerLibrary() {
  const { stdout = '' } = spawnSync(process.env.CC ?? 'cc', ['-print-file-name=libasan.so'], {
    encoding: 'utf8',
  });
  const path = stdout.trim();
  if (existsSync(path)) return path;
  throw new SetupError(
    'the address sanitizer is missing; on Debian, as root run: apt-get install gcc libasan8',
  );
}

function buildAddon() {
  const print = fingerprint(root, ['native', 'scripts/build-addon.sh', 'scripts/check']);
  if (isUpToDate(root, 'sanitize', print, [ADDON])) return;
  const flags = ['-g', '-O1', '-fno-omit-frame-pointer', '-fsanitize=address,undefined'];
  run('sh', ['scripts/build-addon.sh'], {
    cwd: root,
    env: { ...process.env, ADDON, CFLAGS: [...flags, '-fno-sanitize-recover=all'].join(' ') },
  });
  markDone(root, 'sanitize', print);
}

/** Runs the addon's tests with a build that stops at the first wrong access or undefined operation. */
async function main() {
  let library = '';
  reportSetup(() => {
    library = sanitizerLibrary();
    buildAddon();
  });
  const environment = {
    PODSHIM_RUNTIME: 'node',
    PODSHIM_ADDON: join(root, ADDON),
    LD_PRELOAD: library,
    // What Node itself keeps to its end is no leak of ours.
    ASAN_OPTIONS: 'detect_leaks=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const waiting = [
    ...FILES,
    ...filesBelow(root, FOLDER).filter((file) => file.endsWith('.test.ts')),
  ];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { tests, output } = await runFile({ runtime: 'node', root, file, environment });
      const failed = tests.filter(({ outcome }) => outcome === 'failed');
      if (failed.length === 0) continue;
      process.exitCode = 1;
      // What the sanitizer says comes first: the tests only say that their process ended.
      console.log(`${file}: ${failed.map(({ name }) => name).join('; ')}`);
      console.log(output.slice(Math.max(0, output.search(/==\d+==ERROR|runtime error:/))));
      for (const { error } of failed) console.log(error ?? '');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

await main();
