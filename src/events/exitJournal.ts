import { isSystemError } from '../posix/error.ts';
import { readText, writeFileAtomic } from '../posix/files.ts';

/**
 * How a container's init ended. The server writes it into the bundle before it tells anybody, so that `delete` can give
 * the true status even after the server was killed; the reference answers 137 then, whatever happened (containerd#4769).
 */
export interface ExitRecord {
  readonly pid: number;
  readonly status: number;
  readonly exitedAt: Instant;
  /** The server has deleted the container: nothing is left of it but the bundle. */
  readonly deleted: boolean;
}

/** A point in time as google.protobuf.Timestamp has it. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const RECORD_MODE = 0o600;
const LARGEST_PID = 2 ** 22;
const LARGEST_STATUS = 255;

/** Where a bundle has its record. */
export function exitJournalPath(bundle: string): string {
  return `${bundle}/exit.json`;
}

/**
 * Writes a bundle's record, whole or not at all.
 * @throws SystemError, for one when the bundle is gone
 */
export function writeExitRecord(path: string, record: ExitRecord): void {
  const { pid, status, exitedAt, deleted } = record;
  const text = JSON.stringify({ pid, status, exitedAt: formatInstant(exitedAt), deleted });
  writeFileAtomic(path, `${text}\n`, RECORD_MODE);
}

/** The record in a bundle's journal; undefined when there is none that makes sense. */
export function readExitRecord(path: string): ExitRecord | undefined {
  try {
    return parseExitRecord(readText(path));
  } catch (error) {
    if (isSystemError(error)) {
      return undefined;
    }
    throw error;
  }
}

/** As readExitRecord, for a text already read. */
export function parseExitRecord(text: string): ExitRecord | undefined {
  const record = parseObject(text);
  const pid = naturalNumber(record.pid, LARGEST_PID);
  const status = naturalNumber(record.status, LARGEST_STATUS);
  const exitedAt = parseInstant(record.exitedAt);
  if (pid === undefined || status === undefined || exitedAt === undefined) {
    return undefined;
  }
  return { pid, status, exitedAt, deleted: record.deleted === true };
}

/** An instant from the text of RFC 3339 with up to nine digits of fraction. */
export function parseInstant(text: unknown): Instant | undefined {
  const match = typeof text === 'string' ? RFC3339.exec(text) : null;
  if (match === null) {
    return undefined;
  }
  const milliseconds = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(milliseconds)) {
    return undefined;
  }
  return { seconds: milliseconds / 1000, nanos: Number((match[2] ?? '').padEnd(9, '0')) };
}

/** The present. */
export function instantNow(): Instant {
  return instantOf(Date.now());
}

/** @param milliseconds whole ones, since the epoch */
export function instantOf(milliseconds: number): Instant {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

function formatInstant({ seconds, nanos }: Instant): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanos).padStart(9, '0')}Z`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function naturalNumber(value: unknown, largest: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= largest
    ? value
    : undefined;
}
