import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { prepareCriu } from '../../scripts/lab/criu.mjs';
import { prepareUserModeLinux } from '../../scripts/lab/userModeLinux.mjs';
import { SetupError } from '../../scripts/setup/command.mjs';
import { reportSetup, setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

/**
 * Boots user-mode Linux with nothing but cgroup v2, on this machine's file system (read-only), and runs there the tests
 * that have to do with cgroups. Words and `--node` or `--bun` are passed on to the test runner; without them it is
 * everything below test/runc and test/unit/cgroup, with the compiled binary.
 */

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '../..'));
const MEMORY = '3G';
const LIMIT_MILLISECONDS = 40 * 60 * 1000;
/** In the machine these are empty. */
const HIDDEN = ['/tmp', '/run', '/var/tmp', '/dev', '/proc', '/sys'];
/** The last line that init.sh prints. */
const STATUS = /^cgroup2: status (\d+)$/;
/** What the kernel says whatever happens: it has no disk, and it ends. */
const KERNEL_NOISE = /^(Failed to initialize ubd device|sysrq: Power Off|reboot: Power down)/;

function prepare() {
  if (process.arch !== 'x64') throw new SetupError('user-mode Linux exists for x64 only');
  for (const path of [root, process.execPath]) {
    const hidden = HIDDEN.find((directory) => path.startsWith(`${directory}/`));
    if (hidden !== undefined) {
      throw new SetupError(`${path} is not seen in the machine, whose ${hidden} is its own`);
    }
  }
  setup('containers', 'npm run cgroup2');
  emitJavaScript(root);
  prepareCriu(root);
  return join(prepareUserModeLinux(root), 'linux');
}

function runnerWords() {
  const given = process.argv.slice(2);
  const runtimes = given.filter((word) => word === '--node' || word === '--bun');
  const words = given.filter((word) => !word.startsWith('--'));
  return [
    ...(runtimes.length > 0 ? runtimes : ['--bun']),
    ...(words.length > 0 ? words : ['test/runc', 'test/unit/cgroup']),
  ];
}

/** Resolves to the status of the test runner in the machine; undefined when it did not come that far. */
function boot(kernel) {
  const parameters = [
    `mem=${MEMORY}`,
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'init=/bin/bash'],
    ...['seccomp=on', 'con=null', 'con0=null,fd:1', 'ssl=null', 'quiet', 'loglevel=2'],
    ...['--', join(root, 'test/cgroup2/init.sh'), root, process.execPath, ...runnerWords()],
  ];
  return new Promise((resolve, reject) => {
    // A group of its own: each process in the machine is one here, and all of them end with it.
    const machine = spawn(kernel, parameters, {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const end = () => {
      try {
        process.kill(-machine.pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    };
    const limit = setTimeout(() => {
      console.log(`cgroup2: ended after ${LIMIT_MILLISECONDS / 60_000} minutes`);
      end();
    }, LIMIT_MILLISECONDS);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
    let status;
    const lines = createInterface({ input: machine.stdout });
    lines.on('line', (line) => {
      const match = STATUS.exec(line.trimEnd());
      if (match !== null) status = Number(match[1]);
      else if (!KERNEL_NOISE.test(line)) console.log(line.trimEnd());
    });
    machine.on('error', reject);
    // What is left of a machine that crashed would hold its output open.
    machine.on('exit', end);
    machine.on('close', () => {
      clearTimeout(limit);
      resolve(status);
    });
  });
}

let kernel = '';
reportSetup(() => {
  kernel = prepare();
});
const status = await boot(kernel);
if (status === undefined) console.log('cgroup2: the machine ended before the tests did');
process.exitCode = status === 0 ? 0 : 1;
