/**
 * The command line the daemon writes: Go's `flag` package (contract 1.1).
 *
 * One or two dashes are equal, `-name value` and `-name=value` both work, a boolean never takes
 * the next word, and parsing ends at the first word that is no flag, or at `--`.
 */

/** What one invocation was asked to do. */
export interface ShimFlags {
  readonly debug: boolean;
  /** `-v` or `-version`. */
  readonly version: boolean;
  readonly info: boolean;
  readonly namespace: string;
  readonly id: string;
  /** Listen path instead of the inherited descriptor 3. */
  readonly socket: string;
  /** Listen path instead of the inherited descriptor 4. */
  readonly debugSocket: string;
  readonly bundle: string;
  /** The daemon's gRPC socket path. */
  readonly address: string;
  readonly publishBinary: string;
  /** The first word that is no flag; empty when there is none. */
  readonly action: string;
}

/** The command line was wrong, or asked for help. `output` goes to stderr as it is. */
export class UsageError extends Error {
  readonly exitCode: number;
  readonly output: string;

  constructor(message: string, output: string, exitCode: number) {
    super(message);
    this.name = 'UsageError';
    this.output = output;
    this.exitCode = exitCode;
  }
}

const BOOLEANS: ReadonlyMap<string, string> = new Map([
  ['debug', 'enable debug output in logs'],
  ['info', 'get the option protobuf from stdin, print the shim info protobuf to stdout, and exit'],
  ['v', 'show the shim version and exit'],
  ['version', 'show the shim version and exit'],
]);

const STRINGS: ReadonlyMap<string, string> = new Map([
  ['address', 'grpc address back to main containerd'],
  ['bundle', 'path to the bundle if not workdir'],
  ['debug-socket', 'debug socket path to serve'],
  ['id', 'id of the task'],
  ['namespace', 'namespace that owns the shim'],
  ['publish-binary', 'path to publish binary (used for publishing events)'],
  ['socket', 'socket path to serve'],
]);

// strconv.ParseBool
const TRUE_WORDS = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE_WORDS = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Usage text in the form Go prints it. */
export function usage(program: string): string {
  const lines = [`Usage of ${program}:`];
  for (const name of [...BOOLEANS.keys(), ...STRINGS.keys()].sort()) {
    const text = BOOLEANS.get(name);
    if (text === undefined) {
      lines.push(`  -${name} string`, `    \t${STRINGS.get(name) ?? ''}`);
    } else if (name.length === 1) {
      lines.push(`  -${name}\t${text}`);
    } else {
      lines.push(`  -${name}`, `    \t${text}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Reads the words after the program's name.
 *
 * @throws UsageError for `-h` and `-help` (exit code 0) and for any mistake (exit code 2).
 */
export function parseFlags(words: readonly string[], program: string): ShimFlags {
  const fail = (message: string): UsageError =>
    new UsageError(message, `${message}\n${usage(program)}`, 2);
  const booleans = new Map<string, boolean>();
  const strings = new Map<string, string>();
  let position = 0;
  while (position < words.length) {
    const word = words[position] ?? '';
    if (word.length < 2 || !word.startsWith('-')) {
      break;
    }
    position++;
    if (word === '--') {
      break;
    }
    const body = word.slice(word.startsWith('--') ? 2 : 1);
    if (body.startsWith('-') || body.startsWith('=')) {
      throw fail(`bad flag syntax: ${word}`);
    }
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    let value = equals < 0 ? undefined : body.slice(equals + 1);
    if (BOOLEANS.has(name)) {
      if (value !== undefined && !TRUE_WORDS.has(value) && !FALSE_WORDS.has(value)) {
        throw fail(`invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`);
      }
      booleans.set(name, value === undefined || TRUE_WORDS.has(value));
    } else if (STRINGS.has(name)) {
      if (value === undefined && position < words.length) {
        value = words[position];
        position++;
      }
      if (value === undefined) {
        throw fail(`flag needs an argument: -${name}`);
      }
      strings.set(name, value);
    } else if (name === 'h' || name === 'help') {
      throw new UsageError('help requested', usage(program), 0);
    } else {
      throw fail(`flag provided but not defined: -${name}`);
    }
  }
  return {
    debug: booleans.get('debug') ?? false,
    version: (booleans.get('v') ?? false) || (booleans.get('version') ?? false),
    info: booleans.get('info') ?? false,
    namespace: strings.get('namespace') ?? '',
    id: strings.get('id') ?? '',
    socket: strings.get('socket') ?? '',
    debugSocket: strings.get('debug-socket') ?? '',
    bundle: strings.get('bundle') ?? '',
    address: strings.get('address') ?? '',
    publishBinary: strings.get('publish-binary') ?? '',
    action: words[position] ?? '',
  };
}
