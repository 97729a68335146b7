import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { shimCommand } from './binary.ts';

/** The shim under the name that people call it by: a link in a directory of the caller's. */
export function peoplesCommand(directory: string): readonly [string, ...string[]] {
  const [first = '', ...rest] = shimCommand();
  const link = join(directory, 'podshim');
  symlinkSync(rest.at(-1) ?? first, link);
  return rest.length === 0 ? [link] : [first, link];
}
