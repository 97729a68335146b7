import { readText } from '../posix/files.ts';
import { fileStatus, listDirectory, readLink } from '../posix/paths.ts';

/** Looks at this process through /proc, for the dump. Nothing here throws: a file that is gone is left out. */

/** Each thread with what it does in the kernel. `stack` needs CAP_SYS_ADMIN. */
export function* threadLines(): Generator<string> {
  for (const thread of entries('/proc/self/task')) {
    const directory = `/proc/self/task/${thread}`;
    const name = firstLine(`${directory}/comm`);
    if (name === undefined) continue;
    const state = statusField(`${directory}/status`, 'State') ?? '?';
    const waiting = firstLine(`${directory}/wchan`) ?? '?';
    const call = firstLine(`${directory}/syscall`) ?? '?';
    yield `thread ${thread} ${name}: ${state}, in ${waiting}, syscall ${call}`;
    for (const frame of lines(`${directory}/stack`)) yield `  ${frame}`;
  }
}

/** Children of every thread: a zombie here is an exit that nobody took. */
export function* childLines(): Generator<string> {
  for (const thread of entries('/proc/self/task')) {
    const children = firstLine(`/proc/self/task/${thread}/children`) ?? '';
    for (const pid of children.split(' ')) {
      if (pid === '') continue;
      const name = firstLine(`/proc/${pid}/comm`);
      if (name === undefined) continue;
      yield `pid ${pid} ${name}: ${statusField(`/proc/${pid}/status`, 'State') ?? '?'}`;
    }
  }
}

/** Open descriptors: a count by kind, then each with what it is. */
export function* descriptorLines(): Generator<string> {
  const counts = new Map<string, number>();
  const listed: string[] = [];
  for (const descriptor of entries('/proc/self/fd')) {
    const target = linkTarget(`/proc/self/fd/${descriptor}`);
    if (target === undefined) continue;
    const kind = kindOf(Number(descriptor), target);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    listed.push(`${descriptor} ${kind} ${target}`);
  }
  yield [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
  yield* listed;
}

/** The kernel's sums over all mappings, and the process's own counters. */
export function* memoryLines(): Generator<string> {
  for (const line of lines('/proc/self/smaps_rollup').slice(1)) {
    if (!line.endsWith(' 0 kB')) yield line;
  }
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  yield `JavaScript heap: ${heapUsed} of ${heapTotal} bytes, external ${external}`;
  for (const field of ['VmSwap', 'Threads', 'SigQ', 'voluntary_ctxt_switches']) {
    const value = statusField('/proc/self/status', field);
    if (value !== undefined) yield `${field}: ${value}`;
  }
}

/** The running kernel's release. */
export function kernelRelease(): string {
  return firstLine('/proc/sys/kernel/osrelease') ?? 'unknown';
}

function kindOf(descriptor: number, target: string): string {
  const [, namespace, name] = /^(\w+):\[?([^\]]*)/.exec(target) ?? [];
  if (namespace === 'anon_inode' && name !== undefined) return name;
  if (namespace !== undefined) return namespace;
  if (target.startsWith('/memfd:')) return 'memory';
  if (target.startsWith('/dev/pts/') || target === '/dev/ptmx') return 'terminal';
  try {
    return fileStatus(descriptor).type;
  } catch {
    return 'other';
  }
}

function statusField(path: string, name: string): string | undefined {
  const line = lines(path).find((candidate) => candidate.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function firstLine(path: string): string | undefined {
  const text = content(path);
  if (text === undefined) return undefined;
  const end = text.indexOf('\n');
  return (end < 0 ? text : text.slice(0, end)).trim();
}

function lines(path: string): string[] {
  return (content(path) ?? '').split('\n').filter((line) => line !== '');
}

function content(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readLink(path);
  } catch {
    return undefined;
  }
}

function entries(directory: string): string[] {
  try {
    return listDirectory(directory).sort((one, other) => Number(one) - Number(other));
  } catch {
    return [];
  }
}
