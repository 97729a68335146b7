import { platform } from '../platform/runtime.ts';
import { revision, version } from '../version.ts';

/** What `-v` prints (contract 1.7), in the layout of the Go shims. */
export function versionText(program: string): string {
  return [
    `${program}:`,
    `  Version:  ${version}`,
    `  Revision: ${revision}`,
    `  Go version: none (${platform.name} ${platform.version()})`,
    '',
    '',
  ].join('\n');
}
