/**
 * The environment of everything that the shim starts: its own, without what steers its JavaScript runtime (`BUN_*`)
 * or itself (`PODSHIM_*`), and without NOTIFY_SOCKET, for which runc would wait (contract 8.1, trap 51).
 */
export function runtimeEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const entries: string[] = [];
  // Not over entries: their destructuring alone is enough to start the JIT compiler in a short-lived helper.
  for (const name in environment) {
    const value = environment[name];
    if (value === undefined || name === 'NOTIFY_SOCKET') continue;
    if (name.startsWith('BUN_') || name.startsWith('PODSHIM_')) continue;
    entries.push(`${name}=${value}`);
  }
  return entries;
}

/** The value of one variable in a list of `NAME=value`. A plain loop, for the reason given above. */
export function variableOf(environment: readonly string[], name: string): string | undefined {
  const start = `${name}=`;
  for (const entry of environment) {
    if (entry.startsWith(start)) return entry.slice(start.length);
  }
  return undefined;
}
