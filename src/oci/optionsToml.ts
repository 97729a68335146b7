import { quoted, reasonOf } from '../platform/reason.ts';
import { checkedOption, defaultOptions, optionNames, type RuntimeOptions } from './options.ts';

/** Keys of a CRI `options` table that are meant for the daemon. */
const daemonKeys: ReadonlySet<string> = new Set([
  'typeurl',
  'configpath',
  'configbody',
  'taskapiaddress',
  'taskapiversion',
]);

const namedKeys = 10;

/** `SystemdCgroup`, `systemd_cgroup` and `systemdcgroup` are one key, as for the daemon's own decoder. */
function normalized(key: string): string {
  return key.replaceAll('_', '').toLowerCase();
}

const optionOfKey: ReadonlyMap<string, keyof RuntimeOptions> = new Map(
  optionNames.map((name) => [normalized(name), name]),
);

/** The parser's message quotes the lines around the mistake after its first line; what they hold is not for a log. */
function mistakeOf(error: unknown): string {
  const [first = ''] = reasonOf(error).split('\n');
  const { line, column } = error as { line?: unknown; column?: unknown };
  return line === undefined ? first : `${first} (line ${line}, column ${column})`;
}

/**
 * Options from the TOML of a CRI `options` table (contract 6.4).
 * The parser is loaded when the first such text arrives: most servers never see one.
 * @throws Error for broken TOML, values of the wrong type, and keys that mean nothing, naming the first of these.
 */
export async function optionsFromToml(text: string): Promise<RuntimeOptions> {
  const { parse } = await import('smol-toml');
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text);
  } catch (error) {
    throw new Error(`runtime options: ${mistakeOf(error)}`);
  }
  const found: Partial<Record<keyof RuntimeOptions, boolean | string | number>> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    const name = optionOfKey.get(normalized(key));
    if (name !== undefined) found[name] = checkedOption(name, key, value);
    else if (!daemonKeys.has(normalized(key))) unknown.push(quoted(key));
  }
  if (unknown.length > 0) {
    const noun = unknown.length === 1 ? 'key' : 'keys';
    const named = unknown.slice(0, namedKeys).join(', ');
    const more = unknown.length > namedKeys ? ` and ${unknown.length - namedKeys} more` : '';
    throw new Error(`runtime options: unknown ${noun} ${named}${more}`);
  }
  return { ...defaultOptions, ...(found as Partial<RuntimeOptions>) };
}
