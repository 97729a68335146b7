import { mutate } from './support/mutate.ts';
import { Finding, type FuzzTarget, judgeError } from './target.ts';

export interface ParserInput {
  readonly name: string;
  readonly what: string;
  /** Inputs that are right. */
  readonly samples: readonly (string | Uint8Array)[];
  readonly words?: readonly string[];
  /** Parses, and checks what came out of it. An Error that it throws tells what is wrong with the input. */
  parse(input: Uint8Array): unknown;
}

/** Far more than any input of the size that is made here takes. */
const LIMIT_MILLISECONDS = 5000;
const SHRINK_ATTEMPTS = 2000;

/** A target inside this process. */
export function parserTarget({ name, what, samples, words = [], parse }: ParserInput): FuzzTarget {
  const bytes = samples.map((sample) =>
    typeof sample === 'string' ? new TextEncoder().encode(sample) : sample,
  );
  return {
    ...{ name, what, shrinkAttempts: SHRINK_ATTEMPTS },
    generate: (random) => mutate(random, bytes, words),
    async open() {
      return {
        try: (input) => tryParser(parse, input),
        settle: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
  };
}

/** As parserTarget, for what parses text. */
export function textTarget(
  input: Omit<ParserInput, 'parse'> & { parse(text: string): unknown },
): FuzzTarget {
  const parse = (bytes: Uint8Array): unknown => input.parse(new TextDecoder().decode(bytes));
  return parserTarget({ ...input, parse });
}

async function tryParser(parse: ParserInput['parse'], input: Uint8Array): Promise<void> {
  const began = performance.now();
  try {
    await parse(input);
  } catch (error) {
    if (error instanceof Finding) throw error;
    judgeError(error);
  }
  const took = performance.now() - began;
  if (took > LIMIT_MILLISECONDS) throw new Finding(`${input.length} bytes took ${took} ms`);
}

/** @throws Finding when two results differ that must not */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [one, other] = [plain(actual), plain(expected)];
  if (one !== other) throw new Finding(`${what}: ${one} and not ${other}`);
}

/** @throws Finding when it is false */
export function expect(what: string, holds: boolean): void {
  if (!holds) throw new Finding(what);
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex');
    return part;
  });
}
