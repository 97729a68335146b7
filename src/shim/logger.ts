import { pino } from 'pino/browser.js';
import type { LogFields, Logger } from '../platform/log.ts';
import { localOffset } from '../posix/clock.ts';
import { formatLine, formatTime, type LogLevel } from './logFormat.ts';
import { LogSink } from './logSink.ts';

/** No field can have this name, so pino cannot mix up the message with one. */
const MESSAGE_KEY = '\0message';

export interface LoggerOptions {
  /** The daemon's log FIFO, `log` in the bundle, as an absolute path. */
  path: string;
  /** `-debug` on the command line. */
  debug: boolean;
  /** On every line: `runtime`, and for the server pid, path and namespace (contract 3.3). */
  fields: LogFields;
  /** Also let fd 2 be the FIFO. Only the server may: it has fd 2 for itself. */
  takeOverStandardError: boolean;
}

export interface ShimLogger extends Logger {
  readonly sink: LogSink;
  setLevel(level: LogLevel): void;
}

/**
 * The shim's logger: pino's interface, logrus's text, a FIFO that never blocks.
 *
 * pino's browser build gives the same calls, levels and bindings as the main build without its streams and
 * worker threads, for 0.7 ms of start-up.
 */
export function createLogger(options: LoggerOptions): ShimLogger {
  const sink = new LogSink({
    path: options.path,
    notice: (dropped) =>
      formatLine(timeNow(), 'warn', 'log lines dropped', { ...options.fields, dropped }),
  });
  if (options.takeOverStandardError) sink.takeOverStandardError();
  const logger = pino({
    level: options.debug ? 'debug' : 'info',
    timestamp: false,
    messageKey: MESSAGE_KEY,
    browser: {
      formatters: { level: () => ({}) },
      write: {
        trace: writerFor(sink, 'trace'),
        debug: writerFor(sink, 'debug'),
        info: writerFor(sink, 'info'),
        warn: writerFor(sink, 'warn'),
        error: writerFor(sink, 'error'),
        fatal: writerFor(sink, 'fatal'),
      },
    },
  }).child(options.fields);
  return Object.assign(logger, {
    sink,
    setLevel(level: LogLevel): void {
      logger.level = level;
    },
  });
}

function writerFor(sink: LogSink, level: LogLevel): (entry: object) => void {
  return (entry) => {
    const { [MESSAGE_KEY]: message, ...fields } = entry as LogFields;
    sink.write(formatLine(timeNow(), level, typeof message === 'string' ? message : '', fields));
  };
}

function timeNow(): string {
  const milliseconds = Date.now();
  return formatTime(milliseconds, localOffset(Math.floor(milliseconds / 1000)));
}
