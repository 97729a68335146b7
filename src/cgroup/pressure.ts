import { readIfPresent } from './controlFile.ts';
import { parseUnsigned64, type Unsigned64 } from './unsigned64.ts';

/** Shares of time in percent, `total` in microseconds. */
export interface PressureLine {
  avg10: number;
  avg60: number;
  avg300: number;
  total: Unsigned64;
}

/** Pressure stall information. `full` is missing for the CPU on older kernels. */
export interface Pressure {
  some?: PressureLine;
  full?: PressureLine;
}

/** Parses a pressure file. Undefined when a value cannot be read, as the whole is then worthless. */
export function parsePressure(text: string): Pressure | undefined {
  const pressure: Pressure = {};
  for (const line of text.split('\n')) {
    const [kind, ...fields] = line.trim().split(/\s+/);
    if (kind !== 'some' && kind !== 'full') continue;
    const parsed = parseLine(fields);
    if (parsed === undefined) return undefined;
    pressure[kind] = parsed;
  }
  return pressure;
}

/** Reads a pressure file. Undefined when it is missing or the kernel was booted with psi=0. */
export function readPressure(path: string): Pressure | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : parsePressure(text);
}

function parseLine(fields: readonly string[]): PressureLine | undefined {
  const line: PressureLine = { avg10: 0, avg60: 0, avg300: 0, total: 0 };
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) return undefined;
    const key = field.slice(0, equals);
    const text = field.slice(equals + 1);
    if (key === 'total') {
      const total = parseUnsigned64(text);
      if (total === undefined) return undefined;
      line.total = total;
    } else if (key === 'avg10' || key === 'avg60' || key === 'avg300') {
      const share = Number(text);
      if (text === '' || !Number.isFinite(share)) return undefined;
      line[key] = share;
    }
  }
  return line;
}
