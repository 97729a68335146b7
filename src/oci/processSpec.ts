import { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } from '../posix/constants.ts';
import { isSystemError } from '../posix/error.ts';
import { closeFile, openFile, writeAll } from '../posix/files.ts';
import { removeFile } from '../posix/paths.ts';
import { withMember } from './jsonMember.ts';

const attempts = 100;

/** The file that `exec --process` reads. Whoever wrote it removes it as soon as the runtime has ended. */
export interface ProcessFile {
  readonly path: string;
  remove(): void;
}

/**
 * An exec's process as the runtime gets it: the client's JSON with `terminal` overridden by the request's.
 * @throws Error when the JSON is broken or no object.
 */
export function processSpec(json: string, terminal: boolean): string {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('exec: the process is not a JSON object');
  }
  const { terminal: given } = parsed as { terminal?: unknown };
  return (given ?? false) === terminal ? json : withMember(json, 'terminal', String(terminal));
}

function randomSuffix(): string {
  return Math.random().toString(36).slice(2, 12).padEnd(10, '0');
}

/**
 * Writes `text` to a new file of mode 0600, in $XDG_RUNTIME_DIR or else in the directory for temporary files
 * (contract 8.5). It may hold secrets of the process's environment.
 */
export function writeProcessFile(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): ProcessFile {
  const directory = environment.XDG_RUNTIME_DIR || environment.TMPDIR || '/tmp';
  const { path, descriptor } = createExclusively(directory);
  try {
    writeAll(descriptor, text);
  } catch (error) {
    removeFile(path);
    throw error;
  } finally {
    closeFile(descriptor);
  }
  return { path, remove: () => void removeFile(path) };
}

function createExclusively(directory: string): { path: string; descriptor: number } {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  for (let attempt = 1; ; attempt++) {
    const path = `${directory}/runc-process${randomSuffix()}`;
    try {
      return { path, descriptor: openFile(path, flags, 0o600) };
    } catch (error) {
      if (attempt === attempts || !isSystemError(error, 'EEXIST')) throw error;
    }
  }
}
