/** What anything thrown says, for texts that go to a client or a person. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const longestQuote = 200;

/** A piece of input as an error tells it: in quotes and escaped, and of a long one only the beginning. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text);
}
