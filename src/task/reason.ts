/** What an error says, for texts that go to a client. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
