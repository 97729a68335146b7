import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, generate } from './build.mjs';
import { SetupError } from './setup/command.mjs';
import { installDebianPackages, requirements } from './setup/debianPackages.mjs';
import { checkHost, checkRoot } from './setup/host.mjs';
import { installNpmPackages } from './setup/npmPackages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Brings a machine with nothing but Node and npm to where `purpose` can be done, and does nothing where it already is:
 * `packages` npm packages; `generate` the generated sources too; `build` the binary too; `containers` all that real
 * containers need; `tests` the tools of the checks, too. Throws SetupError with a message for the person at the terminal.
 */
export function setup(purpose, title = 'this command') {
  checkHost();
  if (purpose === 'containers' || purpose === 'tests') {
    checkRoot(title);
  }
  if (requirements[purpose] !== undefined) {
    installDebianPackages(requirements[purpose]);
  }
  installNpmPackages(root);
  if (purpose === 'generate') {
    generate(root);
  } else if (purpose !== 'packages') {
    build(root);
  }
}

/** Runs `work` and turns a SetupError into one message and exit status 1. */
export function reportSetup(work) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SetupError)) {
      throw error;
    }
    process.stderr.write(`podshim: ${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const purpose = process.argv[2] ?? 'containers';
  reportSetup(() => setup(purpose, `set-up for ${purpose}`));
}
