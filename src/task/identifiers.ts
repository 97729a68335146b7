import { quoted } from '../platform/reason.ts';
import { invalidArgument } from '../ttrpc/status.ts';

/** containerd's rule for container, exec and namespace names (contract 12.5). */
const pattern = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/;
const longest = 76;

/**
 * Ids become file names in the bundle and arguments of the runtime, so none may leave the bundle.
 * @throws StatusError InvalidArgument that names the id and the rule it breaks
 */
export function checkIdentifier(kind: string, id: string): void {
  if (id.length === 0) throw invalidArgument(`${kind} id must not be empty`);
  if (id.length > longest) {
    throw invalidArgument(
      `${kind} id ${quoted(id)} is ${id.length} characters long, the limit is ${longest}`,
    );
  }
  if (!pattern.test(id)) {
    throw invalidArgument(
      `${kind} id ${quoted(id)} must be letters and digits, joined by single '.', '_' or '-'`,
    );
  }
}
