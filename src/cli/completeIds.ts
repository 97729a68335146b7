import { takeInventory } from './inventory.ts';

/** How the completion script of yargs asks: this word, the program's name, and what was typed so far. */
const question = '--get-yargs-completions';
const idCommands: ReadonlySet<string> = new Set(['inspect', 'dump', 'events']);

/**
 * Ids of containers, when the shell asks for one; undefined for anything else. yargs completes commands and options,
 * but loses its way after a command with a required argument.
 */
export async function completeIds(words: readonly string[]): Promise<string[] | undefined> {
  const [first, , command = '', ...rest] = words;
  const current = rest.at(-1);
  if (first !== question || !idCommands.has(command) || current === undefined) return undefined;
  if (current.startsWith('-')) return ['--json', '--namespace', '--help'];
  const { podshims } = await takeInventory();
  return podshims
    .flatMap(({ description }) => description.containers)
    .map(({ init }) => init?.id ?? '')
    .filter((id) => id !== '' && id.startsWith(current));
}
