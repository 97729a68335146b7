import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announce, run } from '../setup/command.mjs';
import { fingerprint, isUpToDate, markDone } from '../setup/fingerprint.mjs';
import { archiveAddress } from './archive.mjs';
import { LIBRARIES, LIBRARY_SUITE, PATCHELF_SUITE, PROGRAMS, SUITES } from './catalogue.mjs';
import { PrivateApt } from './privateApt.mjs';

const OUTPUT = 'build/lab';
const SOURCES = ['archive', 'catalogue', 'lab', 'privateApt'].map(
  (name) => `scripts/lab/${name}.mjs`,
);

/** A shared library that lies directly in the directory of its architecture. */
const LIBRARY = /\/lib\/\w+-linux-\w+\/[^/]+\.so(\.[\d.]+)?$/;

/**
 * Lays out containerd, runc, crun and Docker of several Debian suites below build/lab and returns that directory:
 * `SUITE/bin` has the programs; `SUITE/runc` and `SUITE/crun` have the OCI runtime alone, under the name `runc`, to be
 * put on a daemon's PATH. Each uses the C library of the lab. The system stays as it is.
 */
export function prepareLab(root) {
  const directory = join(root, OUTPUT);
  // The programs name their loader by its absolute path.
  const print = `${fingerprint(root, SOURCES)} ${directory}`;
  if (
    isUpToDate(
      root,
      'lab',
      print,
      Object.keys(SUITES).map((suite) => join(OUTPUT, suite)),
    )
  ) {
    return directory;
  }
  announce(`downloading containerd, OCI runtimes and Docker of other Debian suites to ${OUTPUT}`);
  rmSync(directory, { recursive: true, force: true });
  const apt = new PrivateApt(join(directory, 'apt'), {
    address: archiveAddress(),
    suites: Object.keys(SUITES),
  });
  apt.update();
  const loader = unpackLibraries(apt, directory);
  for (const [suite, packages] of Object.entries(SUITES)) {
    const paths = [...apt.download(suite, packages).values()];
    const programs = join(directory, suite, 'bin');
    for (const path of paths) {
      unpack(path, (unpacked) => takePrograms(unpacked, programs));
    }
    for (const name of readdirSync(programs)) {
      loader.adopt(join(programs, name));
    }
    for (const runtime of ['runc', 'crun'].filter((name) => existsSync(join(programs, name)))) {
      mkdirSync(join(directory, suite, runtime));
      copyFileSync(join(programs, runtime), join(directory, suite, runtime, 'runc'));
    }
  }
  rmSync(join(directory, 'apt'), { recursive: true, force: true });
  markDone(root, 'lab', print);
  return directory;
}

/** Calls `take` with a directory that holds the files of a package while the call lasts. */
function unpack(path, take) {
  const directory = `${path}.unpacked`;
  mkdirSync(directory);
  run('dpkg-deb', ['--extract', path, directory]);
  take(directory);
  rmSync(directory, { recursive: true });
}

function takePrograms(unpacked, target) {
  mkdirSync(target, { recursive: true });
  for (const directory of ['usr/bin', 'usr/sbin', 'sbin', 'bin']) {
    for (const name of PROGRAMS) {
      const path = join(unpacked, directory, name);
      if (existsSync(path)) {
        copyFileSync(path, join(target, name));
        chmodSync(join(target, name), 0o755);
      }
    }
  }
}

/** The loader and libraries, with patchelf, which tells programs to use them. patchelf runs with them itself. */
function unpackLibraries(apt, directory) {
  const libraries = join(directory, 'lib');
  const patchelf = join(directory, 'patchelf');
  mkdirSync(libraries, { recursive: true });
  unpack(apt.download(PATCHELF_SUITE, ['patchelf']).get('patchelf'), (unpacked) => {
    copyFileSync(join(unpacked, 'usr/bin/patchelf'), patchelf);
  });
  for (const path of apt.download(LIBRARY_SUITE, LIBRARIES).values()) {
    unpack(path, (unpacked) => {
      for (const library of filesBelow(unpacked).filter((file) => LIBRARY.test(file))) {
        cpSync(library, join(libraries, basename(library)), { verbatimSymlinks: true });
      }
    });
  }
  const name = readdirSync(libraries).find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
  const loader = join(libraries, name);
  return {
    adopt(program) {
      if (!isDynamic(program)) {
        return;
      }
      const words = ['--set-interpreter', loader, '--set-rpath', libraries, program];
      run(loader, ['--library-path', libraries, patchelf, ...words]);
    },
  };
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** A static program names no loader. */
function isDynamic(program) {
  return readFileSync(program).subarray(0, 4096).includes('/ld-linux');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
  process.stdout.write(`${prepareLab(root)}\n`);
}
