import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCommand, run, SetupError } from '../setup/command.mjs';
import { reportSetup } from '../setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Has cppcheck read the addon. Whatever it finds is an error. */
function analyse() {
  const cppcheck = findCommand('cppcheck');
  if (cppcheck === undefined) {
    throw new SetupError('cppcheck is missing; on Debian, as root run: apt-get install cppcheck');
  }
  run(
    cppcheck,
    [
      ...['--quiet', '--error-exitcode=1', '--inline-suppr', '--std=c11'],
      '--enable=warning,style,performance,portability',
      // Layouts that are the kernel's have members that we do not need.
      ...['--suppress=unusedStructMember', '--suppress=missingIncludeSystem'],
      ...[
        '-D_GNU_SOURCE',
        '-D__linux__',
        process.arch === 'arm64' ? '-D__aarch64__' : '-D__x86_64__',
      ],
      ...['--include=scripts/check/queue.h', '-Inode_modules/node-api-headers/include', 'native'],
    ],
    { cwd: root },
  );
}

reportSetup(analyse);
