import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockedFileName, dumpDirectory, dumpFileName } from '../shim/dumpFile.ts';
import { CliError } from './exitCode.ts';
import type { Inventory, OtherShim } from './inventory.ts';

/** The watchdog gives the event loop 5 s, and then it has to write. */
const patienceMilliseconds = 15_000;
const stepMilliseconds = 100;

/** Name of the thread that writes the reports (native/watchdog.c). */
const watchdogThread = 'podshim-watch';
const lastLine = '=== END ===\n';

/** What was found out about a server that does not answer. */
export interface SilentReport {
  readonly path: string;
  readonly text: string;
  /** It was written at our request; otherwise it may be of an earlier time. */
  readonly fresh: boolean;
}

/** The podshim server of this id or pid that gives no answer, though it should. */
export function findSilent({ others }: Inventory, id: string): OtherShim | undefined {
  return others.find(
    ({ process }) => (process.id === id || String(process.pid) === id) && hasWatchdog(process.pid),
  );
}

/**
 * Has the server's watchdog write a report, by SIGUSR1, and waits for it; should the server answer after all, its dump.
 * @throws CliError when there is neither, nor a report of earlier
 */
export async function reportOfSilent({ process: shim, reason }: OtherShim): Promise<SilentReport> {
  const name = { namespace: shim.namespace, id: shim.id, pid: shim.pid };
  const directory = dumpDirectory();
  const report = `${directory}/${blockedFileName(name)}`;
  const files = [report, `${directory}/${dumpFileName(name)}`].map((path) => ({
    path,
    before: identityOf(path),
  }));
  process.kill(shim.pid, 'SIGUSR1');
  const end = performance.now() + patienceMilliseconds;
  do {
    await sleep(stepMilliseconds);
    for (const { path, before } of files) {
      if (identityOf(path) === before) continue;
      const text = wholeText(path, path === report);
      if (text !== undefined) return { path, text, fresh: true };
    }
  } while (performance.now() < end && hasWatchdog(shim.pid));
  const text = wholeText(report, false);
  if (text !== undefined) return { path: report, text, fresh: false };
  throw new CliError(
    `shim ${shim.pid} ${reason}, and its watchdog wrote no report into ${directory}`,
  );
}

/** Only podshim has such a thread: another program is not sent a signal that may end it. */
function hasWatchdog(pid: number): boolean {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).some(
      (task) => readFileSync(`${tasks}/${task}/comm`, 'utf8').trim() === watchdogThread,
    );
  } catch {
    return false;
  }
}

function identityOf(path: string): string {
  try {
    const { ino, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${ctimeNs}`;
  } catch {
    return '';
  }
}

/** The watchdog's report is in its place before it is whole. */
function wholeText(path: string, ended: boolean): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return ended && !text.endsWith(lastLine) ? undefined : text;
  } catch {
    return undefined;
  }
}
