import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from './paths.ts';

const ROOTFS = join(repository, 'build/rootfs');
const CRASHER = 'int main(void) { return *(volatile int *)0; }\n';

/**
 * The path of a root file system with busybox and /bin/crash, which dies of SIGSEGV. Made once; containers share it,
 * so tests write only below /tmp in it, or not at all.
 */
export function busyboxRootfs(): string {
  if (existsSync(ROOTFS)) return ROOTFS;
  mkdirSync(dirname(ROOTFS), { recursive: true });
  const temporary = mkdtempSync(`${ROOTFS}-`);
  try {
    fill(temporary);
    renameSync(temporary, ROOTFS);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Somebody else was faster: theirs is as good.
    if (!existsSync(ROOTFS)) throw error;
  }
  return ROOTFS;
}

function fill(directory: string): void {
  chmodSync(directory, 0o755);
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'etc', 'root', 'run']) {
    mkdirSync(join(directory, name));
  }
  const busybox = execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim();
  copyWithLibraries(busybox, directory);
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) {
    if (applet !== 'busybox') symlinkSync('busybox', join(directory, 'bin', applet));
  }
  writeFileSync(join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(directory, 'etc/group'), 'root:x:0:\n');
  execFileSync('cc', ['-static', '-O0', '-x', 'c', '-o', join(directory, 'bin/crash'), '-'], {
    input: CRASHER,
  });
}

/** A busybox that is linked dynamically brings its libraries. */
function copyWithLibraries(busybox: string, directory: string): void {
  copyFileSync(busybox, join(directory, 'bin/busybox'));
  let listing = '';
  try {
    listing = execFileSync('ldd', [busybox], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // Linked statically: ldd says so with its exit status.
  }
  for (const [, library = ''] of listing.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(directory, dirname(library)), { recursive: true });
    copyFileSync(library, join(directory, library));
  }
}
