import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { chooseStyle, type Style } from './style.ts';

const standardOutput = 1;
const standardError = 2;
const usualColumns = 80;

/** Where a command writes to. Everything written is out when the call returns, so the process may end at any time. */
export class Terminal {
  readonly style: Style = chooseStyle(isatty(standardOutput), process.env);
  readonly errorStyle: Style = chooseStyle(isatty(standardError), process.env);
  /** Lines of prose are wrapped here. */
  readonly columns = usualColumns;

  write(text: string): void {
    writeAll(standardOutput, text);
  }

  writeJson(value: unknown): void {
    this.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** One object on one line, for streams. */
  writeJsonLine(value: unknown): void {
    this.write(`${JSON.stringify(value)}\n`);
  }

  writeError(text: string): void {
    writeAll(standardError, text);
  }
}

/** Thrown when whoever reads our output has read enough: `podshim events ID | head`. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

const pause = new Int32Array(new SharedArrayBuffer(4));
const pauseMilliseconds = 5;

function writeAll(descriptor: number, text: string): void {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') throw error;
      // A pipe that somebody else made non-blocking: wait for room.
      Atomics.wait(pause, 0, 0, pauseMilliseconds);
    }
  }
}
