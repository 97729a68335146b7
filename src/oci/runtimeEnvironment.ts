/**
 * The environment of everything that the shim starts: its own, without what steers its JavaScript runtime (`BUN_*`)
 * or itself (`PODSHIM_*`), and without NOTIFY_SOCKET, for which runc would wait (contract 8.1, trap 51).
 */
export function runtimeEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const entries: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || name === 'NOTIFY_SOCKET') continue;
    if (name.startsWith('BUN_') || name.startsWith('PODSHIM_')) continue;
    entries.push(`${name}=${value}`);
  }
  return entries;
}
