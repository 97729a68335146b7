import { writeFileAtomic } from '../posix/files.ts';
import { linkStatus, listDirectory, removeFile } from '../posix/paths.ts';
import { makePrivateDirectory } from '../posix/privateDirectory.ts';

const DUMP_DIRECTORY = '/run/podshim/dump';

/** Where dumps go, and the watchdog's reports. */
export function dumpDirectory(): string {
  return process.env.PODSHIM_DUMP_DIR ?? DUMP_DIRECTORY;
}

export interface DumpFileName {
  namespace: string;
  id: string;
  pid: number;
}

/**
 * Writes a dump readable by its owner alone, in place of the earlier one of this process, and removes those
 * that dead processes of the same namespace and id left: the folder is in memory.
 *
 * @param directory made when missing, with mode 0700
 * @returns the file's path
 * @throws Error when the directory is not this user's alone; SystemError
 */
export function writeDumpFile(directory: string, name: DumpFileName, text: string): string {
  makePrivateDirectory(directory, 'dump directory');
  const fileName = dumpFileName(name);
  const path = `${directory}/${fileName}`;
  writeFileAtomic(path, text, 0o600);
  removeAbandoned(directory, prefixOf(name), fileName);
  return path;
}

/** The file that a dump is written to. */
export function dumpFileName(name: DumpFileName): string {
  return `${prefixOf(name)}${name.pid}.txt`;
}

/** The file that the watchdog writes when the event loop is blocked, in the same directory. */
export function blockedFileName(name: DumpFileName): string {
  return `${prefixOf(name)}${name.pid}.blocked.txt`;
}

function prefixOf({ namespace, id }: DumpFileName): string {
  return `${fileNamePart(namespace)}-${fileNamePart(id)}-`;
}

function removeAbandoned(directory: string, prefix: string, current: string): void {
  for (const entry of listDirectory(directory)) {
    if (entry === current || !entry.startsWith(prefix)) continue;
    const pid = /^(\d+)(?:\.blocked)?\.txt$/.exec(entry.slice(prefix.length))?.[1];
    if (pid !== undefined && !isRunning(pid)) removeFile(`${directory}/${entry}`);
  }
}

/** Is there a process of this number? */
export function isRunning(pid: string): boolean {
  try {
    linkStatus(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
}

/** Identifiers are already of these characters and at most 76 long; flags could hold anything. */
function fileNamePart(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100);
}
