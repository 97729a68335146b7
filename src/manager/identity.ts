import type { ShimFlags } from '../flags.ts';
import { IDENTIFIER_LIMIT, isIdentifier } from '../identifier.ts';
import { quoted } from '../platform/reason.ts';

/**
 * Refuses ids and namespaces that the daemon itself would refuse: as part of a path they would name another place, as
 * an argument of the runtime an option.
 *
 * @throws Error naming the value and what is wrong with it.
 */
export function checkIdentity(flags: ShimFlags): void {
  checkIdentifier('namespace', flags.namespace);
  if (flags.id === '') {
    throw new Error('no container id given: -id is missing or empty');
  }
  checkIdentifier('container id', flags.id);
}

function checkIdentifier(kind: string, value: string): void {
  const fail = (problem: string): Error =>
    new Error(`invalid ${kind} ${quoted(value)}: ${problem}`);
  if (value.includes('/')) {
    throw fail('must not contain a slash');
  }
  if (value === '.' || value === '..') {
    throw fail('must not be a directory reference');
  }
  if (value.length > IDENTIFIER_LIMIT) {
    throw fail(`${value.length} characters, at most ${IDENTIFIER_LIMIT} are allowed`);
  }
  if (!isIdentifier(value)) {
    throw fail("must be letters and digits, joined by single '.', '_' or '-'");
  }
}
