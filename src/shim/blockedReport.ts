import type { Logger } from '../platform/log.ts';
import { fileStatus, listDirectory, removeFile } from '../posix/paths.ts';
import type { Block } from '../posix/watchdog.ts';
import { isRunning } from './dumpFile.ts';

/** Reports of servers that are gone, of whatever namespace: the folder is in memory. */
const mostOfTheDead = 16;

/** Logs that the event loop was blocked, and makes room in the folder of reports. */
export function reportBlock(
  block: Block,
  { directory, file, logger }: { directory: string; file: string; logger: Logger },
): void {
  const { leastMilliseconds, mostMilliseconds, error } = block;
  const fields = { milliseconds: leastMilliseconds, atMost: mostMilliseconds };
  const message = 'the event loop was blocked';
  if (error === undefined) logger.error({ ...fields, path: `${directory}/${file}` }, message);
  else logger.error({ ...fields, error }, `${message}, and the report could not be written`);
  try {
    removeOldReports(directory);
  } catch (failure) {
    logger.warn({ error: failure }, 'old reports not removed');
  }
}

function removeOldReports(directory: string): void {
  const dead = listDirectory(directory)
    .filter((name) => !isRunning(/-(\d+)\.blocked\.txt$/.exec(name)?.[1] ?? 'self'))
    .map((name) => ({ name, modified: fileStatus(`${directory}/${name}`).modifiedNanos }))
    .sort((one, other) => Number(other.modified - one.modified));
  for (const { name } of dead.slice(mostOfTheDead)) removeFile(`${directory}/${name}`);
}
