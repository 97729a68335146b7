import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announce, run } from '../setup/command.mjs';
import { fingerprint, isUpToDate, markDone } from '../setup/fingerprint.mjs';
import { archiveAddress } from './archive.mjs';
import { PrivateApt } from './privateApt.mjs';

const OUTPUT = 'build/criu';
/** CRIU has to know the kernel it works on; older suites' do not know today's. */
const SUITE = 'sid';

/** criu and what it is linked to, directly or not. */
const PACKAGES = [
  ...['criu', 'libbsd0', 'libc6', 'libcompel1', 'libffi8', 'libgmp10', 'libgnutls30t64'],
  ...[
    'libhogweed6t64',
    'libidn2-0',
    'libjansson4',
    'libmd0',
    'libmnl0',
    'libnet9',
    'libnettle8t64',
  ],
  ...['libnftables1', 'libnftnl11', 'libnl-3-200', 'libp11-kit0', 'libprotobuf-c1', 'libtasn1-6'],
  ...['libunistring5', 'libuuid1', 'libxtables12'],
];

const LIBRARY = /\/lib\/\w+-linux-\w+\/[^/]+\.so(\.[\d.]+)?$/;

/**
 * Lays out Debian's CRIU of sid below build/criu, with the C library it is built for, and returns the directory to be
 * put on a PATH. The system stays as it is.
 */
export function prepareCriu(root) {
  const directory = join(root, OUTPUT);
  const programs = join(directory, 'bin');
  const print = `${fingerprint(root, ['scripts/lab/criu.mjs'])} ${directory}`;
  if (isUpToDate(root, 'criu', print, [join(OUTPUT, 'bin')])) return programs;
  announce(`downloading CRIU to ${OUTPUT}`);
  rmSync(directory, { recursive: true, force: true });
  const libraries = join(directory, 'lib');
  mkdirSync(libraries, { recursive: true });
  mkdirSync(programs);
  const apt = new PrivateApt(join(directory, 'apt'), {
    address: archiveAddress(),
    suites: [SUITE],
  });
  apt.update();
  for (const path of apt.download(SUITE, PACKAGES).values()) {
    takeFiles(path, libraries, directory);
  }
  writeLauncher(directory, libraries, programs);
  rmSync(join(directory, 'apt'), { recursive: true, force: true });
  markDone(root, 'criu', print);
  return programs;
}

function takeFiles(path, libraries, directory) {
  const unpacked = `${path}.unpacked`;
  mkdirSync(unpacked);
  run('dpkg-deb', ['--extract', path, unpacked]);
  for (const library of filesBelow(unpacked).filter((file) => LIBRARY.test(file))) {
    cpSync(library, join(libraries, basename(library)), { verbatimSymlinks: true });
  }
  const program = join(unpacked, 'usr/sbin/criu');
  if (existsSync(program)) copyFileSync(program, join(directory, 'criu'));
  rmSync(unpacked, { recursive: true });
}

/** A script, since CRIU is to be found on a PATH, while its C library is newer than the system's. */
function writeLauncher(directory, libraries, programs) {
  const name = readdirSync(libraries).find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
  const words = [join(libraries, name), '--library-path', libraries, join(directory, 'criu')];
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(join(programs, 'criu'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
  process.stdout.write(`${prepareCriu(root)}\n`);
}
