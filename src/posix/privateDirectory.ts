import { linkStatus, makeDirectories } from './paths.ts';
import { effectiveUser } from './processes.ts';

/**
 * Makes a directory, with those above it, that nobody else can read or write; or checks that the one which is there is
 * such a one: someone else who can write there could put a link in the place of a file.
 *
 * @param what names it in the error
 * @throws Error when it is not this user's alone; SystemError
 */
export function makePrivateDirectory(directory: string, what: string): void {
  makeDirectories(directory, 0o700);
  const { type, uid, mode } = linkStatus(directory);
  if (type !== 'directory' || uid !== effectiveUser().uid || (mode & 0o077) !== 0) {
    throw new Error(`${what} ${directory} is not a directory of this user alone`);
  }
}
