/** What anything thrown says, for texts that go to a client or a person. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
