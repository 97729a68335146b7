/** Begins a line that the test runner takes for the reason of a skip. */
const MARK = '\u0002';

/**
 * The `skip` option of a test or a block of them: runs it when there is no reason not to. Prints the reason: of Bun's
 * reports neither has it, and a block that is skipped is not in them at all.
 */
export function skipFor(reason: string | undefined): { skip: string | false } {
  if (reason === undefined) return { skip: false };
  console.log(`${MARK}${reason.replaceAll('\n', ' ')}`);
  return { skip: reason };
}
