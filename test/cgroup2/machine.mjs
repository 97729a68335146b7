import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { prepareCriu } from '../../scripts/lab/criu.mjs';
import { prepareUserModeLinux } from '../../scripts/lab/userModeLinux.mjs';
import { SetupError } from '../../scripts/setup/command.mjs';
import { setup } from '../../scripts/setup.mjs';
import { emitJavaScript } from '../runner/emit.mjs';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '../..'));
const MEMORY = '3G';
/** In the machine these are empty. */
const HIDDEN = ['/tmp', '/run', '/var/tmp', '/dev', '/proc', '/sys'];
/** The last line that init.sh prints. */
const STATUS = /^machine: status (\d+)$/;
/** What the kernel says whatever happens: it has no disk, and it ends. */
const KERNEL_NOISE = /^(Failed to initialize ubd device|sysrq: Power Off|reboot: Power down)/;

/** Builds all that is needed in user-mode Linux. @returns the kernel's path */
export function prepareMachine(title) {
  if (process.arch !== 'x64') throw new SetupError('user-mode Linux exists for x64 only');
  for (const path of [root, process.execPath]) {
    const hidden = HIDDEN.find((directory) => path.startsWith(`${directory}/`));
    if (hidden !== undefined) {
      throw new SetupError(`${path} is not seen in the machine, whose ${hidden} is its own`);
    }
  }
  setup('containers', title);
  emitJavaScript(root);
  prepareCriu(root);
  return join(prepareUserModeLinux(root), 'linux');
}

/**
 * Boots user-mode Linux with nothing but cgroup v2, on this machine's file system (read-only), runs a program of Node's
 * in it, with the repository as working directory, and prints what it prints.
 * @param words the program and its arguments
 * @returns the program's status; undefined when it did not come that far
 */
export function runInMachine(kernel, words, limitMinutes) {
  const parameters = [
    `mem=${MEMORY}`,
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'init=/bin/bash'],
    ...['seccomp=on', 'con=null', 'con0=null,fd:1', 'ssl=null', 'quiet', 'loglevel=2'],
    ...['--', join(root, 'test/cgroup2/init.sh'), root, process.execPath, ...words],
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
      console.log(`machine: ended after ${limitMinutes} minutes`);
      end();
    }, limitMinutes * 60_000);
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
