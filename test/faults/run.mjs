import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { prepareMachine, runInMachine } from '../cgroup2/machine.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const MACHINE_MINUTES = 60;
/** Said by --machine to itself: everything is built, and the repository can only be read. */
const PREPARED = '--prepared';

async function runHere(args) {
  const prepared = args[0] === PREPARED;
  if (!prepared) {
    reportSetup(() => {
      setup('containers', 'the faults');
      emitJavaScript(root);
    });
  }
  const { main } = await import(pathToFileURL(join(root, 'build/js/test/faults/main.js')).href);
  const logs = prepared ? '/tmp/faults' : join(root, 'build/faults');
  return main(prepared ? args.slice(1) : args, logs);
}

/** In user-mode Linux, whose clock is nobody else's. */
function runThere(args) {
  let kernel = '';
  reportSetup(() => {
    kernel = prepareMachine('npm run faults -- --machine');
  });
  return runInMachine(kernel, ['test/faults/run.mjs', PREPARED, ...args], MACHINE_MINUTES);
}

const args = process.argv.slice(2);
const there = args.includes('--machine');
try {
  const status = there
    ? await runThere(args.filter((word) => word !== '--machine'))
    : await runHere(args);
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
