import type { ShimFlags } from '../flags.ts';
import { quoted } from '../platform/reason.ts';

/** Longest container id and namespace (contract 12.5). */
const IDENTIFIER_LIMIT = 76;

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

/** The rule of src/task/identifiers.ts. A loop: the first regular expression costs `start` a third of a millisecond. */
function isIdentifier(value: string): boolean {
  let joined = true;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
    const joins = code === 0x2d || code === 0x2e || code === 0x5f;
    if (!isDigit && !isLetter && (!joins || joined)) return false;
    joined = joins;
  }
  return !joined;
}
