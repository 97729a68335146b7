import type { Logger } from '../platform/log.ts';
import { SIGNALS } from '../posix/constants.ts';
import { startWatchdog } from '../posix/watchdog.ts';
import { blockedFileName, dumpDirectory } from './dumpFile.ts';

/** How far the watchdog's patience goes, in milliseconds. */
export interface WatchdogLimits {
  /** Between two looks while the server does something, told by its calls into the addon. */
  readonly rest: number;
  /** The same while it does nothing. The thread then hardly ever wakes up. */
  readonly quietRest: number;
  /** The event loop has this long to answer. */
  readonly answer: number;
}

/**
 * A block of more than 5 s is noticed 5 to 8 s after it began. One that begins without any call into the addon, which
 * needs no file, process or stream, is noticed later, but within 65 s.
 */
const usualLimits: WatchdogLimits = { rest: 3000, quietRest: 60_000, answer: 5000 };

export interface WatchdogOptions {
  readonly namespace: string;
  readonly id: string;
  readonly version: string;
  readonly logger: Logger;
  /** Where the reports go. Only tests name another place than dumps have. */
  readonly directory?: string;
  readonly limits?: WatchdogLimits;
}

/**
 * Has a native thread look after the event loop. A loop that is blocked cannot say so: the thread writes what can be
 * seen from outside into `<namespace>-<id>-<pid>.blocked.txt` beside the dumps, once for each block and once for each
 * SIGUSR1 in it. The log has a line when the loop turns again.
 *
 * Call it after installSignals: it listens to SIGUSR1 beside the runtime.
 */
export function watchEventLoop(options: WatchdogOptions): void {
  const { namespace, id, version, logger, limits = usualLimits } = options;
  const { directory = dumpDirectory() } = options;
  const file = blockedFileName({ namespace, id, pid: process.pid });
  const request = {
    ...{ directory, file },
    heading: `namespace ${namespace}, id ${id}, pid ${process.pid}\npodshim ${version}, ${process.arch}`,
    restMilliseconds: limits.rest,
    quietRestMilliseconds: limits.quietRest,
    limitMilliseconds: limits.answer,
    signal: SIGNALS.SIGUSR1,
  };
  try {
    startWatchdog(request, (block) => {
      // A chunk of its own: most servers never have it in memory.
      void import('./blockedReport.ts').then((chunk) =>
        chunk.reportBlock(block, { directory, file, logger }),
      );
    });
  } catch (error) {
    logger.warn({ error }, 'nobody watches the event loop');
  }
}
