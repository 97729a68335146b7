import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announce, run } from '../setup/command.mjs';
import { fingerprint, isUpToDate, markDone } from '../setup/fingerprint.mjs';
import { archiveAddress } from './archive.mjs';
import { LIBRARY_SUITE, PATCHELF_SUITE } from './catalogue.mjs';
import { PrivateApt } from './privateApt.mjs';

const OUTPUT = 'build/uml';
const SOURCES = ['archive', 'catalogue', 'privateApt', 'userModeLinux'].map(
  (name) => `scripts/lab/${name}.mjs`,
);

/** The kernel, which is a program, and what it and patchelf are linked to. */
const PACKAGES = ['user-mode-linux', 'libc6', 'libgcc-s1', 'libstdc++6'];

const LIBRARY = /\/lib\/\w+-linux-\w+\/[^/]+\.so(\.[\d.]+)?$/;

/**
 * Lays out Debian's user-mode Linux below build/uml and returns that directory: `linux` is the kernel, with a C library
 * of its own; `modules` has its modules. The system stays as it is.
 */
export function prepareUserModeLinux(root) {
  const directory = join(root, OUTPUT);
  // The kernel names its loader by its absolute path.
  const print = `${fingerprint(root, SOURCES)} ${directory}`;
  const kernel = join(directory, 'linux');
  if (isUpToDate(root, 'uml', print, [join(OUTPUT, 'linux')])) return directory;
  announce(`downloading user-mode Linux to ${OUTPUT}`);
  rmSync(directory, { recursive: true, force: true });
  const libraries = join(directory, 'lib');
  mkdirSync(libraries, { recursive: true });
  const apt = new PrivateApt(join(directory, 'apt'), {
    address: archiveAddress(),
    suites: [...new Set([LIBRARY_SUITE, PATCHELF_SUITE])],
  });
  apt.update();
  for (const path of apt.download(LIBRARY_SUITE, PACKAGES).values()) {
    const files = unpack(path);
    takeLibraries(files, libraries);
    takeKernel(files, directory, kernel);
  }
  const patchelf = `${unpack(apt.download(PATCHELF_SUITE, ['patchelf']).get('patchelf'))}/usr/bin/patchelf`;
  useLibraries(kernel, libraries, patchelf);
  rmSync(join(directory, 'apt'), { recursive: true, force: true });
  markDone(root, 'uml', print);
  return directory;
}

/** Returns a directory with the files of a package. */
function unpack(path) {
  const directory = `${path}.unpacked`;
  mkdirSync(directory);
  run('dpkg-deb', ['--extract', path, directory]);
  return directory;
}

function takeLibraries(files, target) {
  for (const library of filesBelow(files).filter((file) => LIBRARY.test(file))) {
    cpSync(library, join(target, basename(library)), { verbatimSymlinks: true });
  }
}

function takeKernel(files, directory, kernel) {
  const modules = join(files, 'usr/lib/uml/modules');
  if (!existsSync(modules)) return;
  cpSync(modules, join(directory, 'modules'), { recursive: true });
  const programs = join(files, 'usr/bin');
  const name = readdirSync(programs).find((file) => file.startsWith('linux'));
  copyFileSync(join(programs, name), kernel);
  chmodSync(kernel, 0o755);
}

/** The loader cannot be called by name for this: the kernel starts itself again, by /proc/self/exe. */
function useLibraries(program, libraries, patchelf) {
  const name = readdirSync(libraries).find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
  const loader = join(libraries, name);
  const words = ['--set-interpreter', loader, '--set-rpath', libraries, program];
  run(loader, ['--library-path', libraries, patchelf, ...words]);
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
  process.stdout.write(`${prepareUserModeLinux(root)}\n`);
}
