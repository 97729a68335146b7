import type { ShimFlags } from '../shim/flags.ts';

/** Longest container id and namespace (contract 12.5). */
const IDENTIFIER_LIMIT = 76;

/**
 * Refuses ids and namespaces that the daemon itself would refuse and that would name another place
 * once they are part of a path.
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
    new Error(`invalid ${kind} ${JSON.stringify(value)}: ${problem}`);
  if (value.includes('/')) {
    throw fail('must not contain a slash');
  }
  if (value === '.' || value === '..') {
    throw fail('must not be a directory reference');
  }
  if (value.length > IDENTIFIER_LIMIT) {
    throw fail(`${value.length} characters, at most ${IDENTIFIER_LIMIT} are allowed`);
  }
}
