import { readdirSync, readFileSync } from 'node:fs';

/** How often each thread of a process has gone to sleep by itself, by the thread's number. */
function sleeps(pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      counts.set(thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]));
    } catch {
      // It ended after it was listed.
    }
  }
  return counts;
}

/** How often the threads of a process woke up in this time. Threads that end meanwhile do not count. */
export async function wakeUpsIn(pid: number, milliseconds: number): Promise<number> {
  const before = sleeps(pid);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  let sum = 0;
  for (const [thread, count] of sleeps(pid)) sum += count - (before.get(thread) ?? 0);
  return sum;
}
