import { pino } from 'pino/browser.js';
import type { LogFields, Logger } from '../platform/log.ts';
import type { LogLevel } from './logFormat.ts';
import { openSink, writeLine } from './logLine.ts';
import type { LogSink } from './logSink.ts';

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
 *
 * @param sink where the lines go, when it is open already
 */
export function createLogger(
  options: LoggerOptions,
  sink: LogSink = openSink(options.path, options.fields),
): ShimLogger {
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
    writeLine(sink, level, typeof message === 'string' ? message : '', fields);
  };
}
