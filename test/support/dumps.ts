import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from './waiting.ts';

/** Where shims write their dumps, in files that outlive them. */
export const DUMP_DIRECTORY = '/run/podshim/dump';

/** Removes the dump of one shim, and its watchdog's report. */
export function removeDumpOf(pid: number): void {
  if (!existsSync(DUMP_DIRECTORY)) return;
  for (const name of readdirSync(DUMP_DIRECTORY)) {
    if (name.endsWith(`-${pid}.txt`) || name.endsWith(`-${pid}.blocked.txt`))
      rmSync(join(DUMP_DIRECTORY, name), { force: true });
  }
}

/** Removes the dumps of the shims that worked in a namespace. */
export function removeDumps(namespace: string): void {
  if (!existsSync(DUMP_DIRECTORY)) return;
  for (const name of readdirSync(DUMP_DIRECTORY)) {
    if (name.startsWith(`${namespace}-`)) rmSync(join(DUMP_DIRECTORY, name), { force: true });
  }
}

/** Sends SIGUSR1 to a shim that dumps into `directory`, and returns the text of the dump that it makes. */
export function takeDump(pid: number, directory: string = DUMP_DIRECTORY): Promise<string> {
  const read = (): string | undefined => {
    if (!existsSync(directory)) return undefined;
    const name = readdirSync(directory).find((entry) => entry.endsWith(`-${pid}.txt`));
    return name === undefined ? undefined : readFileSync(join(directory, name), 'utf8');
  };
  const earlier = read();
  process.kill(pid, 'SIGUSR1');
  return waitUntil('a dump is written', () => {
    const text = read();
    return text !== earlier && text;
  });
}
