import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** A step that cannot be done; the message is meant for the person at the terminal and says what to do. */
export class SetupError extends Error {}

/** Prints one line about a step that takes longer than a moment. */
export function announce(text) {
  process.stdout.write(`podshim: ${text}\n`);
}

/** Runs a command to its end and returns what it printed. A failure shows the last lines of its output. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (result.error !== undefined) {
    throw new SetupError(`${command} could not be started: ${result.error.message}`);
  }
  if (result.signal !== null) {
    throw new SetupError(`${command} was ended by ${result.signal}`);
  }
  if (result.status !== 0) {
    const output = shorten(`${result.stdout}${result.stderr}`.trimEnd());
    throw new SetupError(`${[command, ...args].join(' ')} failed:\n${output}`);
  }
  return result.stdout;
}

/** A tool names its reason at the beginning or at the end. */
function shorten(text) {
  const lines = text.split('\n');
  return lines.length <= 30 ? text : [...lines.slice(0, 15), '...', ...lines.slice(-14)].join('\n');
}

/** The path of an executable on PATH or in the system's own directories, or undefined. */
export function findCommand(name) {
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  for (const directory of path.split(':')) {
    if (directory === '') {
      continue;
    }
    const candidate = join(directory, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}
