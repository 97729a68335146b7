import { quoted } from '../platform/reason.ts';

const longestScheme = 100;

/** What the stdout of a request asks for (contract 7.1). */
export type StdoutTarget =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'binary'; readonly logger: LoggerCommand };

/** One that is no logging binary. */
export type FileTarget = Exclude<StdoutTarget, { kind: 'binary' }>;

/** A logging binary: `binary:///path?key=value` (contract 7.6). */
export interface LoggerCommand {
  readonly path: string;
  /** After argv[0]: each key, then its first value, in the order of the URI. */
  readonly arguments: readonly string[];
  /** `binary-v2`: the end of file on the readiness pipe without a byte is a failure. */
  readonly strict: boolean;
}

interface Parts {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
}

/**
 * Reads the stdout of a request. Only stdout chooses: stdin and stderr are plain paths.
 * @throws Error with the texts of contract 7.1.
 */
export const parseStdout = (stdout: string): StdoutTarget => {
  // Nearly every stdout is an absolute path, where there is nothing to parse.
  if (stdout === '' || stdout.startsWith('/')) return { kind: 'path', path: stdout };
  const { scheme, path, query } = split(stdout);
  switch (scheme) {
    case '':
    case 'fifo':
      // The reference opens the raw text also where it says `fifo:` (contract 7.1).
      return { kind: 'path', path: stdout };
    case 'file':
      return { kind: 'file', path };
    case 'binary':
    case 'binary-v2':
      return {
        kind: 'binary',
        logger: { path, arguments: queryArguments(query), strict: scheme === 'binary-v2' },
      };
    default:
      throw new Error(`unknown STDIO scheme ${scheme.slice(0, longestScheme)}`);
  }
};

const split = (text: string): Parts => {
  // As Go's net/url does.
  if (/[\x00-\x1f\x7f]/.test(text)) throw unparsable(text, 'invalid control character in URL');
  const withoutFragment = before(text, '#');
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*(?=:)/.exec(withoutFragment)?.[0] ?? '';
  if (scheme === '' && text.startsWith(':')) throw unparsable(text, 'missing protocol scheme');
  const rest = scheme === '' ? withoutFragment : withoutFragment.slice(scheme.length + 1);
  const location = before(rest, '?');
  const query = rest.slice(location.length + 1);
  return { scheme: scheme.toLowerCase(), path: pathOf(location, text), query };
};

/** The part after `//host`; a location that does not begin with a slash has no path in Go's terms. */
const pathOf = (location: string, text: string): string => {
  if (!location.startsWith('/')) return '';
  const slash = location.startsWith('//') ? location.indexOf('/', 2) : 0;
  if (slash < 0) return '';
  const path = location.slice(slash);
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path);
  if (broken !== null) throw unparsable(text, `invalid URL escape "${broken[0]}"`);
  return decoded(path);
};

const queryArguments = (query: string): readonly string[] => {
  const values = new Map<string, string>();
  for (const pair of query.split('&')) {
    // Go's ParseQuery drops a pair with a semicolon or a broken escape, and its caller does not look at the error.
    if (pair === '' || pair.includes(';') || /%(?![0-9a-fA-F]{2})/.test(pair)) continue;
    const plain = pair.replaceAll('+', ' ');
    const key = before(plain, '=');
    const name = decoded(key);
    if (!values.has(name)) values.set(name, decoded(plain.slice(key.length + 1)));
  }
  return [...values].flat();
};

const before = (text: string, mark: string): string => {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
};

/** decodeURIComponent refuses bytes that are not UTF-8; a path may hold them, and then stays escaped. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Go's url.Error quotes all of it; the query stays out here, as a logging binary's arguments may be secret. */
const unparsable = (text: string, reason: string): Error =>
  new Error(`unable to parse stdout uri: parse ${quoted(withoutQuery(text))}: ${reason}`);

/** A stdout as it may be shown: without the arguments of a logging binary, which may be secret. */
export const withoutQuery = (stdout: string): string => {
  const location = before(stdout, '?');
  return stdout.startsWith('/') || location === stdout ? stdout : `${location}?…`;
};
