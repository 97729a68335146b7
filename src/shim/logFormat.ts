import type { LogFields } from '../platform/log.ts';

/** pino's level names. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Levels as logrus writes them (contract 3.3). */
const LEVEL_NAMES = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
  fatal: 'fatal',
} as const satisfies Record<LogLevel, string>;

const RESERVED_KEYS: ReadonlySet<string> = new Set(['time', 'level', 'msg']);

const BARE_VALUE = /^[A-Za-z0-9\-._/@^+]*$/;
const PLAIN_ASCII = /^[ !#-[\]-~]*$/;

/** What Go's strconv.IsPrint accepts: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const UNPRINTABLE_OR_ESCAPED = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

/**
 * One line in logrus's text format for outputs that are no terminal: time, level, msg, then the other keys
 * sorted (contract 3.3). An empty message leaves `msg` out; a field named like one of those three gets the
 * prefix `fields.`; undefined fields are left out.
 */
export function formatLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
): string {
  let line = `time="${time}" level=${LEVEL_NAMES[level]}`;
  if (message !== '') line += ` msg=${formatText(message)}`;
  const entries = Object.entries(fields).map(([key, value]) => ({ key: keyFor(key), value }));
  entries.sort((one, other) => (one.key < other.key ? -1 : 1));
  for (const { key, value } of entries) {
    if (value !== undefined) line += ` ${key}=${formatText(textOf(value))}`;
  }
  return `${line}\n`;
}

/**
 * RFC 3339 with nine digits of fraction, as containerd writes it; the last six are zero.
 *
 * The zone comes from the caller because Date's own local time costs 5 ms at its first use in Bun.
 *
 * @param milliseconds since 1970
 * @param secondsEast the zone's offset from UTC at that time
 */
export function formatTime(milliseconds: number, secondsEast: number): string {
  const local = new Date(milliseconds + secondsEast * 1000).toISOString();
  return `${local.slice(0, -1)}000000${formatZone(secondsEast)}`;
}

/** Quotes like Go's %q. Half a surrogate pair has no UTF-8 form and becomes U+FFFD. */
export function quote(text: string): string {
  if (PLAIN_ASCII.test(text)) return `"${text}"`;
  return `"${text.replace(/\p{Surrogate}/gu, '\ufffd').replace(UNPRINTABLE_OR_ESCAPED, escapeCharacter)}"`;
}

function keyFor(field: string): string {
  return RESERVED_KEYS.has(field) ? `fields.${field}` : field;
}

function formatText(text: string): string {
  return BARE_VALUE.test(text) ? text : quote(text);
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return '<nil>';
  if (value instanceof Error) return value.message;
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? part.toString() : part,
    );
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function formatZone(secondsEast: number): string {
  if (secondsEast === 0) return 'Z';
  const minutes = Math.trunc(Math.abs(secondsEast) / 60);
  const digits = (value: number): string => String(value).padStart(2, '0');
  return `${secondsEast < 0 ? '-' : '+'}${digits(Math.trunc(minutes / 60))}:${digits(minutes % 60)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
