import type { LogFields } from '../platform/log.ts';
import { localOffset } from '../posix/clock.ts';
import { formatLine, formatTime, type LogLevel } from './logFormat.ts';
import { LogSink } from './logSink.ts';

/**
 * Opens the daemon's log FIFO.
 * @param path of the FIFO, absolute
 * @param fields on the line that tells how many were dropped
 */
export function openSink(path: string, fields: LogFields): LogSink {
  return new LogSink({
    path,
    notice: (dropped) => formatLine(timeNow(), 'warn', 'log lines dropped', { ...fields, dropped }),
  });
}

/** Writes one line, stamped with the present time. */
export function writeLine(
  sink: LogSink,
  level: LogLevel,
  message: string,
  fields: LogFields,
): void {
  sink.write(formatLine(timeNow(), level, message, fields));
}

function timeNow(): string {
  const milliseconds = Date.now();
  return formatTime(milliseconds, localOffset(Math.floor(milliseconds / 1000)));
}
