/** Our environment without what steers Bun itself. */
export function bunEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BUN_')),
  );
}
