import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { announce, run, SetupError } from './command.mjs';

/**
 * Installs the npm packages of the lock file, unless they are there. npm writes its hidden lock file last, so an
 * installation that was interrupted is told by its absence.
 */
export function installNpmPackages(root) {
  if (isInstalled(root)) {
    return;
  }
  announce('installing npm packages (npm ci)');
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') === true ? [process.execPath, [npm]] : ['npm', []];
  try {
    run(command, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root });
  } catch (error) {
    throw new SetupError(
      `${error.message}\n\nThe npm packages could not be installed. With a working registry: npm ci --ignore-scripts`,
    );
  }
  if (!isInstalled(root)) {
    throw new SetupError('npm ci ended well, but packages of package-lock.json are missing');
  }
}

function isInstalled(root) {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) {
    return false;
  }
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(hidden);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') {
      continue;
    }
    const found = installed[path];
    if (found === undefined ? entry.optional !== true : found.integrity !== entry.integrity) {
      return false;
    }
  }
  const bun = `node_modules/@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`;
  return installed[bun] !== undefined;
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}
