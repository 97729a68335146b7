import type { LogFields, Logger } from '../platform/log.ts';
import type { LogLevel } from './logFormat.ts';
import type { LoggerOptions } from './logger.ts';
import { openSink, writeLine } from './logLine.ts';
import type { LogSink } from './logSink.ts';

interface WaitingLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/**
 * The server's logger, which loads pino when there is something to say. Most pods have nothing to say between their
 * first line and their last, and pino is 0.2 MB of private memory in each of them.
 *
 * While pino is being loaded, lines wait, in order; `flush` writes them without it.
 */
export class ServerLog implements Logger {
  readonly #options: LoggerOptions;
  readonly #sink: LogSink;
  readonly #waiting: WaitingLine[] = [];
  #loading = false;
  #pino: Logger | undefined;

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#sink = openSink(options.path, options.fields);
    if (options.takeOverStandardError) this.#sink.takeOverStandardError();
  }

  /** A line that needs no pino: the first and the last. */
  announce(fields: LogFields, message: string): void {
    this.#write('info', fields, message);
  }

  trace(fields: LogFields, message: string): void {
    if (this.#options.debug) this.#log('trace', fields, message);
  }

  debug(fields: LogFields, message: string): void {
    if (this.#options.debug) this.#log('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log('error', fields, message);
  }

  /** Writes at once what still waits. */
  flush(): void {
    for (const { level, fields, message } of this.#waiting.splice(0)) {
      this.#write(level, fields, message);
    }
  }

  #log(level: WaitingLine['level'], fields: LogFields, message: string): void {
    if (this.#pino !== undefined) {
      this.#pino[level](fields, message);
      return;
    }
    this.#waiting.push({ level, fields, message });
    if (this.#loading) return;
    this.#loading = true;
    void this.#load();
  }

  async #load(): Promise<void> {
    const { createLogger } = await import('./logger.ts');
    const logger = createLogger({ ...this.#options, takeOverStandardError: false }, this.#sink);
    for (const { level, fields, message } of this.#waiting.splice(0))
      logger[level](fields, message);
    this.#pino = logger;
  }

  #write(level: LogLevel, fields: LogFields, message: string): void {
    writeLine(this.#sink, level, message, { ...this.#options.fields, ...fields });
  }
}
