import { IDENTIFIER_LIMIT, isIdentifier } from '../identifier.ts';
import { quoted } from '../platform/reason.ts';
import { invalidArgument } from '../ttrpc/status.ts';

/**
 * Ids become file names in the bundle and arguments of the runtime, so none may leave the bundle.
 * @throws StatusError InvalidArgument that names the id and the rule it breaks
 */
export function checkIdentifier(kind: string, id: string): void {
  if (id.length === 0) throw invalidArgument(`${kind} id must not be empty`);
  if (id.length > IDENTIFIER_LIMIT) {
    throw invalidArgument(
      `${kind} id ${quoted(id)} is ${id.length} characters long, the limit is ${IDENTIFIER_LIMIT}`,
    );
  }
  if (!isIdentifier(id)) {
    throw invalidArgument(
      `${kind} id ${quoted(id)} must be letters and digits, joined by single '.', '_' or '-'`,
    );
  }
}
