import { reportSetup } from '../../scripts/setup.mjs';
import { prepareMachine, runInMachine } from './machine.mjs';

/**
 * Runs the tests that have to do with cgroups in a machine that has nothing but cgroup v2. Words and `--node` or `--bun`
 * are passed on to the test runner; without them it is everything below test/runc and test/unit/cgroup, with the
 * compiled binary.
 */

const LIMIT_MINUTES = 40;

function runnerWords() {
  const given = process.argv.slice(2);
  const runtimes = given.filter((word) => word === '--node' || word === '--bun');
  const words = given.filter((word) => !word.startsWith('--'));
  return [
    ...(runtimes.length > 0 ? runtimes : ['--bun']),
    ...(words.length > 0 ? words : ['test/runc', 'test/unit/cgroup']),
  ];
}

let kernel = '';
reportSetup(() => {
  kernel = prepareMachine('npm run cgroup2');
});
const words = ['test/run.mjs', '--prepared', ...runnerWords()];
const status = await runInMachine(kernel, words, LIMIT_MINUTES);
if (status === undefined) console.log('cgroup2: the machine ended before the tests did');
process.exitCode = status === 0 ? 0 : 1;
